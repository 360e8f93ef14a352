import type { ComponentChild } from 'preact';
import { disagreement, metricName, metricsTogether, metricValue, verdictWords } from '../../../src/core/compare/sentence.ts';
import type { MetricComparison } from '../../../src/core/compare/model.ts';
import { formatCount } from '../../../src/core/text/format.ts';
import type { Comparison } from '../../../src/protocol/compare.ts';
import { isRunning, type CompareModel } from './compare-model.ts';
import { DifferenceBar } from './difference-bar.tsx';
import { scaleOf } from './scale.ts';
import { VerdictIcon } from './verdict-word.tsx';
import { capitalised, changeInterval, changeOf, differsSentence, drawnChange, howTested, moreCases, pOf, toneOf } from './wording.ts';

const BAR_WIDTH = 125;

/** The one line that answers the question: which is better, by how much, and how sure that is. */
export function Summary({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  return <section class="verdict" aria-label="Verdict"><div>{parts(model, comparison)}</div></section>;
}

function parts(model: CompareModel, comparison: Comparison): ComponentChild {
  const { refused, result } = comparison;
  if (refused !== null) return <div><b><VerdictIcon tone="refused" />Refused</b><span>{differsSentence(refused.differs)}.</span><span class="dim whole">{refused.message}</span></div>;
  const [first, ...others] = result?.metrics ?? [];
  if (first === undefined || first.n === 0) return <div>{isRunning(comparison) ? <span class="dim">No case has been answered on both sides so far.</span> : <span>{comparison.cases === 0 ? 'There are no cases to compare.' : 'No case was answered on both sides.'}{comparison.cases > 0 && <span class="dim"> What went wrong stands in each case; “Run again” asks again.</span>}</span>}</div>;
  return (
    <>
      {isRunning(comparison) ? <SoFar metric={first} /> : <Main model={model} metric={first} />}
      {['cost', 'latencyMs'].flatMap((name) => others.filter((metric) => metric.name === name && metric.delta !== null && !(metric.a === 0 && metric.b === 0))).map((metric) => <Side key={metric.name} metric={metric} together={metricsTogether(result?.metrics ?? [])} running={isRunning(comparison)} />)}
      {(result?.unanswered ?? 0) > 0 && !isRunning(comparison) && <div class="dim" title="Cases that one side or both did not answer are in no number">{formatCount(result?.unanswered ?? 0, 'case')} not answered</div>}
    </>
  );
}

function Main({ model, metric }: { readonly model: CompareModel; readonly metric: MetricComparison }): ComponentChild {
  const tone = toneOf(metric.verdict);
  const drawn = drawnChange(metric);
  const interval = changeInterval(metric);
  const p = pOf(metric);
  const why = disagreement(metric);
  const more = metric.verdict === 'too-few-cases' || why !== null ? moreCases(metric) : '';
  const up = (metric.delta ?? 0) > 0;
  return (
    <div>
      <b><VerdictIcon tone={tone} direction={up ? 'up' : 'down'} />{capitalised(verdictWords(metric, metricsTogether([metric])))}{more !== '' && `: ${more}`}</b>
      <button type="button" class="plain" title="All scores" onClick={() => model.showTab('scores')}>{values(metric)}</button>
      <span>{changeOf(metric)}</span>
      {drawn.interval !== null && <DifferenceBar value={drawn.value} interval={drawn.interval} scale={scaleOf([...drawn.interval, drawn.value ?? 0])} width={BAR_WIDTH} tone={tone} />}
      {interval !== null && <span class="dim">{interval}</span>}
      <span class="dim" title={howTested(metric)}>{p === null ? '' : `${p}, `}paired over {formatCount(metric.n, 'case')}{metric.clusters !== null && ` in ${formatCount(metric.clusters, 'cluster')}`}</span>
      {why !== null && <span class="dim">{why}</span>}
      {metric.warning !== undefined && <span class="dim warning" title={metric.warning}><VerdictIcon tone="few" /><span class="ell">{metric.warning}</span></span>}
    </div>
  );
}

/** While runs are under way the numbers grow, and looking again and again until they please would be no test. */
function SoFar({ metric }: { readonly metric: MetricComparison }): ComponentChild {
  return (
    <div>
      <b>So far</b>
      <span>{values(metric)}</span>
      <span class="dim">over {formatCount(metric.n, 'case')}; no verdict before the runs end</span>
    </div>
  );
}

function Side({ metric, together, running }: { readonly metric: MetricComparison; /** What it was tested together with, in words. */ readonly together: string; readonly running: boolean }): ComponentChild {
  const tone = toneOf(metric.verdict);
  const interval = changeInterval(metric);
  return (
    <div title={`${values(metric)}${interval === null ? '' : `, ${interval}`}; ${howTested(metric)}`}>
      {!running && tone !== 'few' && <VerdictIcon tone={tone} direction={(metric.delta ?? 0) > 0 ? 'up' : 'down'} />}
      <span>{metricName(metric.name)} {changeOf(metric)}</span>
      {!running && <span class="dim">, {verdictWords(metric, together)}</span>}
    </div>
  );
}

function values({ name, a, b, unit }: MetricComparison): string {
  const text = (value: number | null): string => (value === null ? '–' : metricValue(value, unit));
  return `${metricName(name)} ${text(a)} → ${text(b)}`;
}
