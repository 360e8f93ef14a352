import type { ComponentChild } from 'preact';
import { useMemo } from 'preact/hooks';
import type { MetricUnit } from '../../../src/core/compare/model.ts';
import { metricValue } from '../../../src/core/compare/sentence.ts';
import { formatPercent } from '../../../src/core/text/format.ts';
import type { Comparison, Distributions } from '../../../src/protocol/compare.ts';
import type { CompareModel } from './compare-model.ts';
import { histogramOf, type Histogram } from './histogram.ts';

const MEASURES: readonly { readonly of: keyof Distributions; readonly label: string; readonly unit: MetricUnit }[] = [
  { of: 'latencyMs', label: 'Latency', unit: 'ms' }, { of: 'cost', label: 'Cost', unit: 'usd' }, { of: 'tokens', label: 'Tokens', unit: 'tokens' }, { of: 'score', label: 'Score', unit: 'score' },
];
const BINS = 32;
const WIDTH = 288;
const HEIGHT = 40;

/** How cost, latency, tokens and score are spread over the cases: the baseline above the line, the other side below it. */
export function DistributionsView({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  const read = model.distributions.value;
  if (read === null) return <div class="spreads" aria-busy="true" />;
  if (read.value === null) return <p class="note" role="alert">The distributions cannot be read: {read.failure?.message}</p>;
  const { value } = read;
  return (
    <section class="spreads" aria-label="Distributions over the cases">
      {MEASURES.map(({ of, label, unit }) => <Spread key={of} label={label} unit={unit} a={value[of].a} b={value[of].b} comparison={comparison} />)}
    </section>
  );
}

function Spread({ label, unit, a, b, comparison }: { readonly label: string; readonly unit: MetricUnit; readonly a: Float64Array; readonly b: Float64Array; readonly comparison: Comparison }): ComponentChild {
  const histogram = useMemo(() => histogramOf(a, b, BINS), [a, b]);
  if (histogram === null) return null;
  const { medians, beyond, from, to } = histogram;
  const median = (value: number | null): string => (value === null ? 'unknown' : metricValue(value, unit));
  return (
    <figure class="spread">
      <figcaption>{label} <span class="dim">per case</span></figcaption>
      <div class="spread-side small"><span class="ell">{comparison.a.label}</span><span class="dim">median <span class="mono">{median(medians.a)}</span></span></div>
      <Drawing histogram={histogram} />
      <div class="spread-side small"><span class="ell">{comparison.b.label}</span><span class="dim">median <span class="mono">{median(medians.b)}</span></span></div>
      <div class="spread-axis mono dim"><span>{metricValue(from, unit)}</span>{beyond > 0 && <span>{formatPercent(beyond, 0)} beyond →</span>}<span>{metricValue(to, unit)}</span></div>
    </figure>
  );
}

function Drawing({ histogram: { a, b, from, to, medians } }: { readonly histogram: Histogram }): ComponentChild {
  const highest = Math.max(...a, ...b);
  const step = WIDTH / BINS;
  const bars = (shares: readonly number[], down: boolean): string => shares.map((share, i) => {
    const height = share === 0 ? 0 : Math.max(1, Math.round((share / highest) * HEIGHT));
    return height === 0 ? '' : `M${(i * step).toFixed(1)} ${HEIGHT}v${down ? height : -height}h${(step - 1).toFixed(1)}V${HEIGHT}z`;
  }).join('');
  const tick = (value: number | null, down: boolean): string => {
    if (value === null) return '';
    const x = Math.round(((Math.min(value, to) - from) / (to - from)) * WIDTH) + 0.5;
    return `M${x} ${HEIGHT}V${down ? 2 * HEIGHT : 0}`;
  };
  return (
    <svg class="histogram" width={WIDTH} height={2 * HEIGHT} aria-hidden="true">
      <path class="bars-a" d={bars(a, false)} />
      <path class="bars-b" d={bars(b, true)} />
      <path class="middle" d={`M0 ${HEIGHT + 0.5}H${WIDTH}`} />
      <path class="median" d={`${tick(medians.a, false)}${tick(medians.b, true)}`} />
    </svg>
  );
}
