import type { ComponentChild } from 'preact';
import { useMemo } from 'preact/hooks';
import { formatCount, formatDuration, formatUsd } from '../../../src/core/text/format.ts';
import { FAILED, SPAN_FLAGS } from '../../../src/core/trace/skeleton.ts';
import { ROW, type Row } from '../../../src/core/trace/view/rows.ts';
import { quantileOf, sumOf } from '../../../src/core/trace/view/statistics.ts';
import { timeLabel } from '../../../src/core/trace/view/time-axis.ts';
import type { TreeView } from '../../../src/core/trace/view/tree-view.ts';
import { Button, IconButton } from '../../controls/controls.tsx';
import { Visible } from '../../shared/long-text.tsx';
import { clip } from '../../shared/visible-text.ts';
import { Section } from './content.tsx';
import { KindIcon, TraceIcon } from './icons.tsx';
import type { TraceModel } from './trace-model.ts';
import { identityOf, nameOfRow, tokensOf } from './wording.ts';

const LISTED = 10;

/** Several spans that are equal, by their numbers; the slowest and the failed ones lead on. */
export function GroupDetail({ model, row }: { readonly model: TraceModel; readonly row: Row }): ComponentChild {
  const view = model.view.value;
  void model.changes.value;
  const numbers = useMemo(() => (view === null ? null : measure(view, row)), [view, row, view?.filter]);
  if (view === null || numbers === null) return null;
  const identity = identityOf(view.display, row);
  const facts: [label: string, value: string][] = [['Spans', formatCount(numbers.spans)], ['Errors', formatCount(numbers.failed.length)]];
  if (numbers.p50 !== null) facts.push(['p50', formatDuration(numbers.p50)], ['p95', formatDuration(numbers.p95)], ['Longest', formatDuration(numbers.longest)]);
  if (numbers.input !== null) facts.push(['Tokens in', tokensOf(numbers.input).replace(/ tok$/, '')]);
  if (numbers.output !== null) facts.push(['Out', tokensOf(numbers.output).replace(/ tok$/, '')]);
  if (numbers.cost !== null) facts.push(['Cost', formatUsd(numbers.cost)]);
  const shown = row.type === ROW.group && view.showsMembers(row.group);
  return (
    <>
      <div class="dhead">
        {identity === null ? <TraceIcon name="disconnected" /> : <KindIcon kind={identity.kind} />}
        <span class="crumb"><span class="name ell"><Visible text={clip(nameOfRow(view.display, row, numbers.spans), 300)} /></span>{row.type === ROW.group && <span class="dim">×{formatCount(numbers.spans)}</span>}</span>
        <span class="nav"><IconButton icon="close" label="Close" title="Close (Escape)" onClick={() => model.close()} /></span>
      </div>
      <dl class="strip">{facts.map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>
      {row.type === ROW.group && <div class="dacts"><Button onClick={() => model.change(() => view.setMembers(row.group, !shown), row)}>{shown ? 'Show them together' : 'Show them one by one'}</Button></div>}
      <div class="body" tabIndex={0}>
        {row.type === ROW.missing && <p class="note">These spans name {(view.display.missingOf.get(row.group)?.spanIds.length ?? 0) > 1 ? 'parents' : 'a parent'} that nobody has sent: {view.display.missingOf.get(row.group)?.spanIds.slice(0, 20).join(', ')}. It may still run, or its sender does not trace it.</p>}
        {numbers.failed.length > 0 && <Section title={`${formatCount(numbers.failed.length)} failed`}><Members model={model} view={view} positions={numbers.failed.subarray(0, LISTED)} more={numbers.failed.length - LISTED} /></Section>}
        {numbers.slowest.length > 0 && <Section title="Slowest"><Members model={model} view={view} positions={numbers.slowest} more={0} /></Section>}
      </div>
    </>
  );
}

function Members({ model, view, positions, more }: { readonly model: TraceModel; readonly view: TreeView; readonly positions: Int32Array; readonly more: number }): ComponentChild {
  const { starts, durations, names, texts } = view.skeleton;
  return (
    <ol class="members">
      {[...positions].map((at) => (
        <li key={at}>
          <button type="button" class="member" onClick={() => model.reveal(at)}>
            <span class="ell"><Visible text={clip(texts[names[at]!] ?? '', 200)} /></span>
            <span class="mono dim">at {timeLabel(starts[at]!, 10)}</span>
            <span class="mono">{Number.isNaN(durations[at]!) ? 'running' : formatDuration(durations[at]!)}</span>
          </button>
        </li>
      ))}
      {more > 0 && <li class="dim small">and {formatCount(more)} more: F8 goes from one to the next</li>}
    </ol>
  );
}

interface Measured {
  readonly spans: number;
  readonly failed: Int32Array;
  readonly slowest: Int32Array;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly longest: number | null;
  readonly input: number | null;
  readonly output: number | null;
  readonly cost: number | null;
}

function measure(view: TreeView, row: Row): Measured {
  const { durations, flags, inputTokens, outputTokens, costs } = view.skeleton;
  const spans = view.spansOf(row);
  // What repeats the usage of calls below is in no sum.
  const counted = spans.filter((at) => (flags[at]! & (SPAN_FLAGS.aggregate | SPAN_FLAGS.duplicate)) === 0);
  const tail = quantileOf(spans, durations, Math.max(0, 1 - LISTED / Math.max(1, spans.length)));
  const slow = tail === null ? new Int32Array(0) : spans.filter((at) => durations[at]! >= tail).slice(0, LISTED * 4);
  return {
    spans: spans.length,
    failed: spans.filter((at) => (flags[at]! & FAILED) !== 0),
    slowest: slow.sort((a, b) => durations[b]! - durations[a]!).subarray(0, LISTED),
    p50: quantileOf(spans, durations, 0.5), p95: quantileOf(spans, durations, 0.95), longest: quantileOf(spans, durations, 1),
    input: sumOf(counted, inputTokens), output: sumOf(counted, outputTokens), cost: sumOf(counted, costs),
  };
}
