import type { ComponentChild } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { MetricComparison, SliceComparison } from '../../../src/core/compare/model.ts';
import { differenceInterval, metricDifference, metricValue, pValue, slicesTogether, verdictWords } from '../../../src/core/compare/sentence.ts';
import { formatCount } from '../../../src/core/text/format.ts';
import type { Comparison } from '../../../src/protocol/compare.ts';
import { Rate } from '../../shared/numbers.tsx';
import { isRunning, type CompareModel } from './compare-model.ts';
import { DifferenceBar } from './difference-bar.tsx';
import { CompareIcon } from './icons.tsx';
import { place, scaleOf, type Scale } from './scale.ts';
import { VerdictIcon } from './verdict-word.tsx';
import { howTested, moreCases, toneOf, verdictWord } from './wording.ts';

const BAR_WIDTH = 220;

interface Line {
  /** `null`: all cases. */
  readonly slice: string | null;
  readonly n: number;
  readonly regressed: number;
  readonly improved: number;
  readonly metric: MetricComparison;
}

/** The verdict's metric in every slice, with its intervals drawn on one axis. A row leads to its cases. */
export function SlicesTab({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  const [active, setActive] = useState(0);
  const grid = useRef<HTMLDivElement>(null);
  const { result, sliceFields, counts } = comparison;
  const { settings } = model.state.value;
  const main = result?.metrics[0];
  useLayoutEffect(() => grid.current?.querySelector('.sel')?.scrollIntoView({ block: 'nearest' }), [active]);
  if (result === null || main === undefined) return <p class="note">No case was answered on both sides.</p>;
  const lines: Line[] = [{ slice: null, n: main.n, regressed: counts.regressed, improved: counts.improved, metric: main }, ...result.slices.flatMap((slice) => lineOf(slice, main.name))];
  const scale = scaleOf(lines.flatMap(({ metric }) => [...(metric.interval ?? []), ...(metric.delta === null ? [] : [metric.delta])]));
  const together = slicesTogether(result.slices);
  const open = (line: Line): void => (line.slice === null ? model.showTab('outputs') : model.showSlice(line.slice));
  return (
    <>
      <div class="by">
        {sliceFields.length > 0 && (
          <label>Slices by <select class="drop" value={settings.sliceBy ?? ''} onChange={(event) => model.changeSettings({ sliceBy: event.currentTarget.value === '' ? null : event.currentTarget.value })}>
            <option value="">every field</option>
            {sliceFields.map((field) => <option key={field} value={field}>{field}</option>)}
          </select></label>
        )}
        <span class="dim push">{noteOf(lines)}</span>
      </div>
      {lines.length === 1 && <p class="note">The cases have no tags and no fields to be sliced by.</p>}
      <div
        ref={grid} class="scroll slices" role="grid" tabIndex={0} aria-label="Slices" aria-rowcount={lines.length + 1} aria-activedescendant={`slice-${active}`}
        onKeyDown={(event) => {
          const line = lines[active];
          const to = event.key === 'ArrowDown' ? active + 1 : event.key === 'ArrowUp' ? active - 1 : event.key === 'Home' ? 0 : event.key === 'End' ? lines.length - 1 : null;
          if (to !== null) setActive(Math.max(0, Math.min(lines.length - 1, to)));
          else if ((event.key === 'Enter' || event.key === ' ') && line !== undefined) open(line);
          else return;
          event.preventDefault();
        }}
      >
        <div class="line cols" role="row">
          <span role="columnheader">Slice</span><span class="num" role="columnheader">Cases</span>
          <span class="side-rate" role="columnheader">{comparison.a.label}</span><span class="side-rate" role="columnheader">{comparison.b.label}</span>
          <span role="columnheader">Difference{unitOf(main)}</span>
          <span class="axis-labels" role="columnheader" aria-label="Difference, drawn">{scale.ticks.map((tick) => <span key={tick} style={{ left: `${place(tick, scale, BAR_WIDTH)}px` }}>{tickLabel(tick, main)}</span>)}</span>
          <span class="changes" role="columnheader">Changes</span><span role="columnheader">Verdict</span>
        </div>
        {lines.map((line, i) => <SliceRow key={line.slice ?? ''} line={line} index={i} active={i === active} field={settings.sliceBy} together={together} running={isRunning(comparison)} scale={scale} onOpen={() => {
          setActive(i);
          open(line);
        }} />)}
      </div>
    </>
  );
}

function SliceRow({ line: { slice, n, regressed, improved, metric }, index, active, field, together, running, scale, onOpen }: {
  readonly line: Line;
  readonly index: number;
  readonly active: boolean;
  /** Of all slices, so that it need not be said of each; `null`: of several. */
  readonly field: string | null;
  /** The slices that were tested, in words. */
  readonly together: string;
  /** There is no verdict before the runs end. */
  readonly running: boolean;
  readonly scale: Scale & { readonly ticks: readonly number[] };
  readonly onOpen: () => void;
}): ComponentChild {
  const tone = running ? 'none' : toneOf(metric.verdict);
  const p = running ? null : metric.pAdjusted ?? metric.p;
  const more = tone === 'few' ? moreCases(metric) : '';
  return (
    <div id={`slice-${index}`} class={`line${slice === null ? ' all' : ''}${active ? ' sel' : ''}`} role="row" aria-selected={active} onClick={onOpen}>
      <span class="mono ell" role="gridcell" title={slice ?? 'All cases'}>{slice === null ? 'All' : field === null ? slice : slice.slice(slice.startsWith(`${field}=`) ? field.length + 1 : 0)}</span>
      <span class="mono num" role="gridcell">{formatCount(n)}</span>
      <SideValue value={metric.a} interval={metric.intervalA} metric={metric} />
      <SideValue value={metric.b} interval={metric.intervalB} metric={metric} />
      <span class="mono change" role="gridcell"><span class="num">{metric.delta === null ? '–' : metricDifference(metric.delta, metric.unit).replace(' points', '')}</span> {metric.interval !== null && <span class="dim">{differenceInterval(metric.interval, metric.unit)}</span>}</span>
      <span class="drawn" role="gridcell"><DifferenceBar value={metric.delta} interval={metric.interval} scale={scale} width={BAR_WIDTH} tone={tone} grid={scale.ticks} /></span>
      <span class="mono changes" role="gridcell"><span>{regressed > 0 && <><VerdictIcon tone="worse" />{formatCount(regressed)}</>}</span><span>{improved > 0 && <><VerdictIcon tone="better" />{formatCount(improved)}</>}</span></span>
      <span class="say" role="gridcell" title={howTested(metric)}>
        <VerdictIcon tone={tone} direction={(metric.delta ?? 0) > 0 ? 'up' : 'down'} />
        <span class={`ell${tone === 'none' ? ' dim' : ''}`}>{running ? verdictWord(null) : verdictWords(metric, together)}{more !== '' && `: ${more}`}{tone !== 'few' && p !== null && <span class="dim">, {pValue(p)}</span>}</span>
        <CompareIcon name="arrowRight" class="go" />
      </span>
    </div>
  );
}

function SideValue({ value, interval, metric }: { readonly value: number | null; readonly interval: readonly [number, number] | null; readonly metric: MetricComparison }): ComponentChild {
  if (metric.unit === 'rate') return <span class="side-rate" role="gridcell"><Rate rate={value} interval={interval} count={`${formatCount(metric.n, 'case')}`} width={72} digits={1} /></span>;
  return <span class="side-rate mono" role="gridcell">{value === null ? '–' : metricValue(value, metric.unit)}</span>;
}

function lineOf({ slice, n, regressed, improved, metrics }: SliceComparison, name: string): Line[] {
  const metric = metrics.find((one) => one.name === name);
  return metric === undefined ? [] : [{ slice, n, regressed, improved, metric }];
}

function noteOf(lines: readonly Line[]): string {
  const tested = lines.filter(({ slice, metric }) => slice !== null && metric.pAdjusted !== undefined).length;
  return `95 % intervals${tested > 0 ? `. p adjusted for ${formatCount(tested, 'slice')} (Holm)` : ''}`;
}

function unitOf({ unit }: MetricComparison): string {
  return unit === 'rate' ? ', points' : '';
}

function tickLabel(tick: number, { unit }: MetricComparison): string {
  if (tick === 0) return '0';
  const sign = tick > 0 ? '+' : '−';
  const size = Math.abs(tick);
  if (unit === 'rate') return `${sign}${Number((size * 100).toPrecision(3))}`;
  return unit === 'score' ? `${sign}${Number(size.toPrecision(3))}` : `${sign}${metricValue(size, unit)}`;
}
