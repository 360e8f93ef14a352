import { Component, createRef, type ComponentChild } from 'preact';
import { durationParts, formatCount, formatDuration } from '../../../src/core/text/format.ts';
import { FAILED, SPAN_FLAGS, SPAN_KINDS } from '../../../src/core/trace/skeleton.ts';
import { saysModel } from '../../../src/core/trace/span-name.ts';
import type { TimeWindow } from '../../../src/core/trace/view/activity.ts';
import { ROW, type Row } from '../../../src/core/trace/view/rows.ts';
import type { RowNumbers, TreeView } from '../../../src/core/trace/view/tree-view.ts';
import { Icon } from '../../controls/icon.tsx';
import { Visible } from '../../shared/long-text.tsx';
import { clip, visibleText } from '../../shared/visible-text.ts';
import type { Colours } from './colours.ts';
import type { Histograms } from './histograms.ts';
import { KindIcon, TraceIcon } from './icons.tsx';
import { INDENT, xOf, type ListLayout } from './list-layout.ts';
import type { Mark } from './marks.ts';
import { identityOf, nameOfRow, shortId, tokensOf } from './wording.ts';

export const ROW_HEIGHT = 22;
/** Longer names are cut before they are laid out; the detail has the whole. */
const MAX_NAME = 300;
/** Of why a span failed, at its row. */
const MAX_REASON = 120;
/** Width of a character of the labels' font at 11 pixels; all are equally wide. */
let characterWidth = 6.6;

/** `true`: labels stand elsewhere now. */
export function measureLabels(font: string): boolean {
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) return false;
  context.font = `11px ${font}`;
  const { width } = context.measureText('0');
  const changed = Math.abs(width - characterWidth) > 0.1;
  characterWidth = width;
  return changed;
}

export interface RowActions {
  readonly onOpen: (index: number) => void;
  readonly onToggle: (index: number) => void;
  readonly onMembers: (index: number) => void;
}

export interface SpanRowProps {
  /** -1: this element has no row now. */
  readonly index: number;
  /** Pixels from the top of the list's content. */
  readonly top: number;
  readonly view: TreeView;
  /** Another one: what rows say may have changed. */
  readonly stamp: number;
  readonly active: boolean;
  readonly layout: ListLayout;
  readonly window: TimeWindow;
  readonly whole: TimeWindow;
  readonly marks: ReadonlyMap<number, Mark>;
  readonly histograms: Histograms;
  readonly actions: RowActions;
  readonly theme: Colours;
}

/** One row: the place in the tree, numbers, and the time. Drawn again only when something of its own changed. */
export class SpanRow extends Component<SpanRowProps> {
  readonly #canvas = createRef<HTMLCanvasElement>();

  override shouldComponentUpdate(next: SpanRowProps): boolean {
    const now = this.props;
    if (next.index < 0 && now.index < 0) return false;
    return now.index !== next.index || now.top !== next.top || now.stamp !== next.stamp || now.active !== next.active || now.view !== next.view || now.layout !== next.layout || now.window !== next.window || !isMarkedAlike(now, next) || now.theme !== next.theme || isGrowing(next, now.whole);
  }

  override componentDidMount(): void {
    this.#draw();
  }

  override componentDidUpdate(before: SpanRowProps): void {
    const now = this.props;
    // The keyboard's row, or a place further down, leaves the picture as it is.
    if (before.index !== now.index || before.stamp !== now.stamp || before.view !== now.view || before.layout !== now.layout || before.window !== now.window || before.theme !== now.theme || isGrowing(now, before.whole)) this.#draw();
  }

  override componentWillUnmount(): void {
    if (this.#canvas.current !== null) this.props.histograms.drop(this.#canvas.current);
  }

  #draw(): void {
    const { index, view, whole, window, layout, histograms, theme } = this.props;
    const canvas = this.#canvas.current;
    if (canvas === null) return;
    const row = index < 0 || index >= view.rows.length ? null : view.rows.at(index);
    if (row === null || isWithoutHistogram(view, row)) histograms.drop(canvas);
    else histograms.draw(canvas, { view, row, whole, window, width: layout.timelineWidth, colours: theme });
  }

  override render({ index, top, view, active, layout, window, whole, marks, actions }: SpanRowProps): ComponentChild {
    if (index < 0 || index >= view.rows.length) return <div class="row away" />;
    const row = view.rows.at(index);
    const numbers = view.numbers(row);
    const children = view.hasChildren(row);
    const open = children && view.isOpen(row);
    const dim = row.position >= 0 && view.filter !== null && !view.filter.passes(row.position);
    return (
      <div
        id={rowId(index)}
        class={`row${active ? ' sel' : ''}${dim ? ' aside' : ''}`}
        style={{ transform: `translateY(${top}px)` }}
        role="row"
        aria-rowindex={index + 1}
        aria-level={row.depth + 1}
        aria-expanded={children ? open : undefined}
        aria-selected={active}
        aria-label={describe(view, row, numbers)}
        onClick={() => actions.onOpen(index)}
        onDblClick={() => actions.onToggle(index)}
      >
        <span class="tree" role="gridcell">
          <i class="indent" style={{ width: `${Math.min(row.depth * INDENT, layout.maxIndent)}px` }} />
          {children ? <span class="twist" onClick={(event) => { event.stopPropagation(); actions.onToggle(index); }} onDblClick={(event) => event.stopPropagation()}><Icon name={open ? 'chevronDown' : 'chevronRight'} /></span> : <span class="twist" />}
          <Name view={view} row={row} numbers={numbers} />
          <Marks view={view} row={row} mark={marks.get(row.position)} onMembers={() => actions.onMembers(index)} />
        </span>
        {layout.numbers.map((column) => <span key={column} class={`num num-${column}`} role="gridcell"><Figure column={column} row={row} numbers={numbers} open={open} /></span>)}
        <span class="tl" role="gridcell">
          <canvas ref={this.#canvas} hidden={isWithoutHistogram(view, row)} aria-hidden="true" />
          {row.position >= 0 && <Bar view={view} position={row.position} parent={open || (children && ['agent', 'chain', 'other'].includes(identityOf(view.display, row)?.kind ?? ''))} window={window} whole={whole} layout={layout} />}
        </span>
      </div>
    );
  }
}

/** What runs grows with the axis, also while a window within it stands still. */
function isGrowing({ index, view, whole }: SpanRowProps, before: TimeWindow): boolean {
  if (whole.to === before.to || index < 0 || index >= view.rows.length) return false;
  const row = view.rows.at(index);
  return row.position >= 0 ? Number.isNaN(view.skeleton.durations[row.position]!) : view.display.groupRunning[row.group]! > 0;
}

/** Findings come piece by piece, and most rows have none. */
function isMarkedAlike({ marks: before, index, view }: SpanRowProps, { marks }: SpanRowProps): boolean {
  if (marks === before || index < 0 || index >= view.rows.length) return true;
  const { position } = view.rows.at(index);
  const [old, now] = [before.get(position), marks.get(position)];
  return old?.text === now?.text && old?.strong === now?.strong && old?.title === now?.title;
}

/** One span has a bar; those of a missing parent have rows of their own while it is open. */
function isWithoutHistogram(view: TreeView, row: Row): boolean {
  return row.position >= 0 || (row.type === ROW.missing && view.isOpen(row));
}

function Name({ view, row, numbers }: { readonly view: TreeView; readonly row: Row; readonly numbers: RowNumbers }): ComponentChild {
  const identity = identityOf(view.display, row);
  if (row.type === ROW.earlier || row.type === ROW.later) return <><TraceIcon name="unfold" class="plain" /><span class="txt dim"><span class="name">{nameOfRow(view.display, row, numbers.spans)}</span></span></>;
  if (identity === null) {
    const ids = view.display.missingOf.get(row.group)?.spanIds ?? [];
    return <><TraceIcon name="disconnected" class="plain" /><span class="txt dim"><span class="name">missing parent</span><span class="model mono">{ids.length === 1 ? shortId(ids[0] ?? '') : `${formatCount(ids.length)} parents`}</span></span></>;
  }
  const hit = row.position >= 0 && view.matches?.has(row.position) === true;
  const reason = row.position >= 0 ? (view.skeleton.texts[view.skeleton.reasons[row.position]!] ?? '') : '';
  return (
    <>
      <KindIcon kind={identity.kind} />
      <span class="txt">
        <span class="kind">{identity.kind}</span>
        <span class={hit ? 'name hit' : 'name'}><Visible text={clip(identity.name, MAX_NAME)} /></span>
        {identity.model !== '' && !saysModel(clip(identity.name, MAX_NAME), identity.model) && <span class="model"><Visible text={clip(identity.model, MAX_NAME)} /></span>}
        {reason !== '' && <span class="reason" title={visibleText(reason)}><Visible text={clip(reason, MAX_REASON)} /></span>}
      </span>
    </>
  );
}

function Marks({ view, row, mark, onMembers }: { readonly view: TreeView; readonly row: Row; readonly mark: Mark | undefined; readonly onMembers: () => void }): ComponentChild {
  const { flags, totalErrors } = view.skeleton;
  const flag = row.position >= 0 ? flags[row.position]! : 0;
  const failed = (flag & SPAN_FLAGS.error) !== 0;
  const below = row.position >= 0 && !failed && totalErrors[row.position]! > 0 && view.hasChildren(row) && !view.isOpen(row);
  return (
    <span class="marks">
      {row.type === ROW.missing && <span class="note">{formatCount(view.display.missingOf.get(row.group)?.spans ?? 0, 'span')}</span>}
      {mark !== undefined && <span class={mark.strong ? 'badge' : 'note'} title={mark.title}>{mark.text}</span>}
      {(flag & SPAN_FLAGS.skew) !== 0 && <TraceIcon name="watch" class="warn" label="Clocks disagree: it ends before it starts, or starts before its parent" />}
      {(flag & SPAN_FLAGS.hiddenError) !== 0 && !failed && mark === undefined && <Icon name="warning" class="warn" label="Its status says nothing, but its result says that it failed" />}
      {failed && <Icon name="error" class="fail" label="Failed" />}
      {below && <span class="fail note" title={`${formatCount(totalErrors[row.position]!, 'error')} below`}>✗</span>}
      {(flag & SPAN_FLAGS.running) !== 0 && <Icon name="loading" class="spin" label="Running" />}
      {row.type === ROW.group && (
        <button type="button" class="row-action" tabIndex={-1} title={view.showsMembers(row.group) ? 'Show them together' : 'Show them one by one'} onClick={(event) => { event.stopPropagation(); onMembers(); }} onDblClick={(event) => event.stopPropagation()}>
          <TraceIcon name={view.showsMembers(row.group) ? 'collapseAll' : 'list'} />
        </button>
      )}
    </span>
  );
}

function Figure({ column, row, numbers, open }: { readonly column: ListLayout['numbers'][number]; readonly row: Row; readonly numbers: RowNumbers; readonly open: boolean }): ComponentChild {
  switch (column) {
    case 'matches':
      return numbers.matches > 0 && formatCount(numbers.matches);
    case 'spans':
      if (row.type === ROW.group) return `×${formatCount(numbers.spans)}`;
      return (row.position < 0 || (!open && numbers.spans > 0)) && <span class="dim">{formatCount(numbers.spans)}</span>;
    case 'errors':
      return numbers.errors > 0 && (row.position >= 0 && numbers.spans === 0 ? '✗' : formatCount(numbers.errors));
    case 'p50':
      return <Time ms={row.type === ROW.group || row.type === ROW.span ? numbers.p50 : null} />;
  }
}

function Time({ ms }: { readonly ms: number | null }): ComponentChild {
  return durationParts(ms)?.map(([value, unit], at) => <span key={unit}>{at > 0 && ' '}{value} {unit}</span>) ?? null;
}

function Bar({ view, position, parent, window, whole, layout }: { readonly view: TreeView; readonly position: number; readonly parent: boolean; readonly window: TimeWindow; readonly whole: TimeWindow; readonly layout: ListLayout }): ComponentChild {
  const { skeleton } = view;
  const width = layout.timelineWidth;
  const start = skeleton.starts[position]!;
  const duration = skeleton.durations[position]!;
  const running = Number.isNaN(duration);
  const x0 = xOf(start, window, width);
  const x1 = running ? (whole.to > view.knownEnd ? xOf(whole.to, window, width) : width) : xOf(start + duration, window, width);
  const failed = (skeleton.flags[position]! & FAILED) !== 0;
  const label = labelOf(view, position, layout.slim, whole);
  const written = (label.time.length + label.rest.length + (label.rest === '' ? 0 : 2)) * characterWidth + (failed ? 20 : 0);
  const [left, right] = [Math.max(0, x0), Math.min(width, x1)];
  // Beyond the window there is no bar, only where it would be.
  const outside = x1 < 0 ? 'before' : x0 > width ? 'after' : null;
  const place = outside === 'before' ? { left: '4px' } : outside === 'after' ? { right: '4px' }
    : right + 6 + written < width - 4 ? { left: `${right + 6}px` } : left - 6 - written > 4 ? { left: `${left - 6 - written}px` } : { left: `${left + 6}px` };
  const inside = outside === null && right + 6 + written >= width - 4 && left - 6 - written <= 4;
  const kind = SPAN_KINDS[skeleton.kinds[position]!];
  const notch = parent ? null : notchOf(skeleton.firstTokens[position]!, duration, { start, from: left, to: right }, window, width);
  return (
    <>
      {outside === null && <i class={`bar hue-${kind}${running ? ' run' : failed ? ' err' : parent ? ' sub' : ''}`} style={{ left: `${left}px`, width: `${Math.max(2, right - left)}px` }}>{notch !== null && <i class="first-token" style={{ left: `${notch}px` }} />}</i>}
      <span class={`lab${inside ? (parent || running ? ' in' : ' in on') : ''}${parent || outside !== null ? ' of' : ''}`} style={place}>
        {outside === 'before' && '‹ '}
        {failed && <Icon name="error" class="fail" />}
        {label.time}
        {label.rest !== '' && <span class="tok">{label.rest}</span>}
        {outside === 'after' && ' ›'}
      </span>
    </>
  );
}

/** Pixels from the left of a bar to where the first token came; `null`: nobody knows, or it cannot be told from the bar's ends. */
function notchOf(firstToken: number, duration: number, bar: { readonly start: number; readonly from: number; readonly to: number }, window: TimeWindow, width: number): number | null {
  // NaN (unknown) is in no order.
  if (!(firstToken > 0) || firstToken >= duration) return null;
  const x = xOf(bar.start + firstToken, window, width);
  return x > bar.from + 1 && x < bar.to - 2 ? x - bar.from : null;
}

function labelOf({ skeleton, knownEnd }: TreeView, position: number, slim: boolean, whole: TimeWindow): { readonly time: string; readonly rest: string } {
  const duration = skeleton.durations[position]!;
  const time = Number.isNaN(duration) ? (whole.to > knownEnd ? `${formatDuration(whole.to - skeleton.starts[position]!)} running` : 'running')
    // Where nothing took any time, nobody has measured it.
    : knownEnd === 0 ? '' : formatDuration(duration);
  if (slim) return { time, rest: '' };
  const [input, output, total] = [skeleton.inputTokens[position]!, skeleton.outputTokens[position]!, skeleton.totalTokens[position]!];
  if (!Number.isNaN(input) || !Number.isNaN(output)) {
    const [from, to] = [Number.isNaN(input) ? '?' : formatCount(input), Number.isNaN(output) || output === 0 ? '' : formatCount(output)];
    return { time, rest: to === '' ? `${from} tok` : `${from}→${to}` };
  }
  if (skeleton.parents[position]! >= 0 || Number.isNaN(total)) return { time, rest: '' };
  return { time, rest: tokensOf(total) };
}

export function rowId(index: number): string {
  return `row${index}`;
}

/** What a screen reader says of a row; icons and bars alone say nothing. */
function describe(view: TreeView, row: Row, numbers: RowNumbers): string {
  const identity = identityOf(view.display, row);
  const parts = [clip(nameOfRow(view.display, row, numbers.spans), MAX_NAME)];
  if (identity !== null && identity.model !== '' && !saysModel(clip(identity.name, MAX_NAME), identity.model)) parts.push(identity.model);
  if (row.type === ROW.group) parts.push(formatCount(numbers.spans, 'span'), numbers.p50 === null ? '' : `median ${formatDuration(numbers.p50)}`);
  else if (row.position >= 0) parts.push(numbers.p50 === null ? 'running' : formatDuration(numbers.p50));
  if (numbers.errors > 0) parts.push(row.position >= 0 && numbers.spans === 0 ? 'failed' : formatCount(numbers.errors, 'error'));
  if (row.position >= 0) parts.push(clip(view.skeleton.texts[view.skeleton.reasons[row.position]!] ?? '', MAX_REASON));
  if (numbers.matches > 0) parts.push(formatCount(numbers.matches, 'match').replace(/matchs$/, 'matches'));
  return visibleText(parts.filter((part) => part !== '').join(', '));
}
