import { formatCount, formatDuration, formatPercent, formatScore, formatUsd } from '../text/format.ts';
import type { ComparisonResult, MetricComparison, MetricUnit, SliceComparison, Verdict } from './model.ts';

/** How a metric is called in a sentence: `pass rate`, `p50 latency`; a named one by its name. */
export function metricName(name: string): string {
  switch (name) {
    case 'passRate': return 'pass rate';
    case 'cost': return 'median cost';
    case 'latencyMs': return 'p50 latency';
    default: return name;
  }
}

/** One side's value: `81.7 %`, `0.82`, `$0.0180`, `840 ms`, `1,204 tokens`. */
export function metricValue(value: number, unit: MetricUnit): string {
  switch (unit) {
    case 'rate': return formatPercent(value).replace('%', ' %');
    case 'score': return formatScore(value);
    case 'usd': return formatUsd(value);
    case 'ms': return formatDuration(value);
    case 'tokens': return formatCount(Math.round(value), 'token');
  }
}

/** A difference in words: `+8.3 points`, `−0.04`, `+12 ms`. */
export function metricDifference(delta: number, unit: MetricUnit): string {
  switch (unit) {
    case 'rate': return `${signed(points(delta))} points`;
    case 'score': return signed(delta.toFixed(3));
    case 'usd': return `${delta > 0 ? '+' : ''}${formatUsd(delta)}`;
    case 'ms': return `${delta > 0 ? '+' : delta < 0 ? '−' : ''}${formatDuration(Math.abs(delta))}`;
    case 'tokens': return `${signed(delta.toFixed(1))} tokens`;
  }
}

/** The interval of a difference, in the unit in which `metricDifference` writes it: `[+2.1, +14.6]`. */
export function differenceInterval([low, high]: readonly [number, number], unit: MetricUnit): string {
  const bound = (value: number): string => {
    switch (unit) {
      case 'rate': return signed(points(value));
      case 'score': return signed(value.toFixed(3));
      case 'tokens': return signed(value.toFixed(1));
      default: return metricDifference(value, unit);
    }
  };
  return `[${bound(low)}, ${bound(high)}]`;
}

/** `p = .012`, `p < .001`, `p > .99`: three digits below .1, two above. */
export function pValue(p: number): string {
  if (p < 0.001) return 'p < .001';
  if (p > 0.99) return 'p > .99';
  return `p = ${p.toFixed(p < 0.0995 ? 3 : 2).slice(1)}`;
}

const VERDICTS: Readonly<Record<Verdict, string>> = { better: 'better', worse: 'worse', 'no-difference-shown': 'no difference shown', 'too-few-cases': 'too few cases' };

/**
 * The interval excludes 0, but the test shows no difference: adjusted for all that were tested together, because of many intervals some
 * exclude 0 by chance; of a metric alone, because an exact test of few cases asks for more than the interval does. To call that `no
 * difference shown` beside such an interval would read as a contradiction.
 */
export function isUnsure({ verdict, interval }: MetricComparison): boolean {
  return verdict === 'no-difference-shown' && interval !== null && (interval[0] > 0 || interval[1] < 0);
}

/** Why a metric that was tested alone `isUnsure`; `null` where it is not. */
export function disagreement(metric: MetricComparison): string | null {
  return isUnsure(metric) && metric.pAdjusted === undefined ? 'the interval excludes 0, the test does not' : null;
}

/** A verdict's words: `better`, `no difference shown`; where `isUnsure`, `not sure`, with what it was tested together: `not sure among 4 slices`. */
export function verdictWords(metric: MetricComparison, together: string): string {
  if (!isUnsure(metric)) return VERDICTS[metric.verdict];
  return metric.pAdjusted === undefined ? 'not sure' : `not sure among ${together}`;
}

/** The slices whose p are adjusted together: `4 slices`. */
export function slicesTogether(slices: readonly SliceComparison[]): string {
  return formatCount(slices.filter(({ metrics: [metric] }) => metric?.pAdjusted !== undefined).length, 'slice');
}

/** With what a comparison's metrics are adjusted: `5 metrics`. The first is so only where several versions are compared, and then each metric with its own. */
export function metricsTogether([first, ...others]: readonly MetricComparison[]): string {
  return first?.pAdjusted !== undefined ? VERSIONS : formatCount(others.filter(({ pAdjusted }) => pAdjusted !== undefined).length, 'metric');
}

const VERSIONS = 'the versions';

/**
 * The verdict on one metric in words: `Better: pass rate 81.7 % → 90.0 %, +8.3 points [+2.1, +14.6], p = .012 (paired, 60 cases)`,
 * `Too few cases: about 34 more would be needed`, `Not sure: the interval excludes 0, the test does not; about 32 more would be needed`.
 */
export function metricSentence(metric: MetricComparison): string {
  const { a, b, delta, interval, n } = metric;
  const name = metricName(metric.name);
  if (n === 0 || a === null || b === null || delta === null) return `Too few cases: no case has a ${name} on both sides`;
  const values = `${name} ${metricValue(a, metric.unit)} → ${metricValue(b, metric.unit)}, ${metricDifference(delta, metric.unit)}`;
  const bounds = interval === null ? '' : ` ${differenceInterval(interval, metric.unit)}`;
  const p = metric.pAdjusted ?? metric.p;
  const paired = `(paired, ${formatCount(n, 'case')}${metric.clusters === null ? '' : ` in ${formatCount(metric.clusters, 'cluster')}`})`;
  const measured = `${values}${bounds}${p === null ? '' : `, ${pValue(p)}`} ${paired}`;
  switch (metric.verdict) {
    case 'better': return `Better: ${measured}`;
    case 'worse': return `Worse: ${measured}`;
    case 'no-difference-shown': {
      const why = disagreement(metric);
      if (why !== null) return `Not sure: ${why}; ${moreNeeded(metric)}${measured}`;
      return `${isUnsure(metric) ? `Not sure among ${VERSIONS}` : 'No difference shown'}: ${measured}`;
    }
    case 'too-few-cases': return `Too few cases: ${moreNeeded(metric)}${measured}`;
  }
}

function moreNeeded({ casesNeeded, n }: MetricComparison): string {
  return casesNeeded === null || casesNeeded <= n ? '' : `about ${formatCount(casesNeeded - n)} more would be needed; `;
}

/** The verdict of a comparison in one line: that on its first metric. */
export function verdictSentence(result: ComparisonResult): string {
  const [metric] = result.metrics;
  return metric === undefined ? 'Too few cases: there is nothing to compare' : metricSentence(metric);
}

/** What a gate makes of it, with the margin: `Not worse by more than 5.0 points`. */
export function gateSentence({ gate, margin, metrics: [metric] }: ComparisonResult): string {
  const limit = metricDifference(margin, metric?.unit ?? 'rate').replace('+', '');
  switch (gate) {
    case 'passes': return `Not worse by more than ${limit}`;
    case 'fails': return `Worse by more than ${limit}`;
    case 'inconclusive': {
      const more = metric === undefined ? '' : moreNeeded(metric).replace('; ', '');
      return `Cannot tell whether it is worse by more than ${limit}${more === '' ? '' : `: ${more}`}`;
    }
  }
}

/** In percentage points, never rounded to nothing when it is something. */
function points(share: number): string {
  const value = share * 100;
  const rounded = value.toFixed(1);
  return Number(rounded) === 0 && value !== 0 && Math.abs(value) >= 0.005 ? value.toFixed(2) : rounded;
}

function signed(text: string): string {
  if (Number(text) === 0) return text.replace('-', '');
  return text.startsWith('-') ? `−${text.slice(1)}` : `+${text}`;
}
