import { Component, type ComponentChild } from 'preact';
import type { ComparisonCell, ComparisonRow, HumanVerdict } from '../../../src/protocol/compare.ts';
import { Icon } from '../../controls/icon.tsx';
import { Marks } from '../../shared/marks.tsx';
import { VerdictIcon } from './verdict-word.tsx';

export const ROW_HEIGHT = 26;

interface RowProps {
  readonly index: number;
  readonly row: ComparisonRow | undefined;
  /** Another one: no row of before is right any more. */
  readonly epoch: number;
  readonly active: boolean;
  /** What both sides gave is kept back until the person has judged. */
  readonly hidden: boolean;
  readonly labels: { readonly a: string; readonly b: string };
  readonly onOpen: (row: number) => void;
}

/** One case. Drawn again only when something of its own changed; one that is on its way keeps the old one's elements, out of sight. */
export class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const now = this.props;
    if (now.epoch !== next.epoch || now.labels !== next.labels) return true;
    if (next.row === undefined) return false;
    return now.row !== next.row || now.index !== next.index || now.active !== next.active || now.hidden !== next.hidden;
  }

  override render({ index, row, active, hidden, labels, onOpen }: RowProps): ComponentChild {
    if (row === undefined) return <div class="row away" />;
    return (
      <div
        id={rowId(index)} class={`row${active ? ' sel' : ''}${row.changed ? '' : ' same'}`} style={{ transform: `translateY(${index * ROW_HEIGHT}px)` }} role="row" aria-rowindex={index + 2}
        aria-selected={active} onClick={() => onOpen(index)}
      >
        <span class="mono case" role="gridcell" data-tip="">{row.caseId}</span>
        <span class="mono dim exp" role="gridcell" data-tip="">{row.expected ?? ''}</span>
        {hidden ? <><span class="cell dim" role="gridcell">hidden</span><span class="cell dim" role="gridcell">hidden</span><span role="gridcell" /></> : (
          <>
            <Cell cell={row.a} label={labels.a} />
            <Cell cell={row.b} label={labels.b} />
            <Delta row={row} />
          </>
        )}
        <span class="dim small judged" role="gridcell">{wordOf(row.verdict)}</span>
      </div>
    );
  }
}

function Cell({ cell, label }: { readonly cell: ComparisonCell; readonly label: string }): ComponentChild {
  return <span class="cell mono" role="gridcell" aria-label={describe(cell, label)}><CellContent cell={cell} /></span>;
}

function CellContent({ cell }: { readonly cell: ComparisonCell }): ComponentChild {
  if (cell.waiting) return <span class="dim word">waiting</span>;
  if (cell.error !== null) return <><Icon name="error" class="fail" /><span class="ell word" data-tip="">{cell.error}</span></>;
  return (
    <>
      <Marks passes={cell.passes} />
      <span class="ell t" data-tip="">{cell.text}</span>
      {cell.multiline && <span class="dim" title="More lines follow">↵</span>}
      {cell.agreement !== undefined && <span class="of" title="Share of the repeats that gave this output">{cell.agreement}</span>}
    </>
  );
}

function Delta({ row }: { readonly row: ComparisonRow }): ComponentChild {
  return (
    <span class={`d mono${row.delta === 0 ? ' dim' : ''}`} role="gridcell" aria-label={row.delta === null ? 'no difference known' : `${row.regressed ? 'regressed, ' : row.improved ? 'improved, ' : ''}${signed(row.delta)}`}>
      {row.regressed ? <VerdictIcon tone="worse" /> : row.improved ? <VerdictIcon tone="better" /> : null}
      {row.delta === null ? '–' : signed(row.delta)}
    </span>
  );
}

/** Two decimals are enough for a mean over repeats; what is not zero never reads so. */
function signed(delta: number): string {
  if (delta === 0) return '0.00';
  const size = Math.max(0.01, Math.abs(delta));
  return `${delta < 0 ? '−' : '+'}${size >= 100 ? size.toFixed(0) : size.toFixed(2)}`;
}

export function rowId(row: number): string {
  return `case-${row}`;
}

function wordOf(verdict: HumanVerdict | null): string {
  return verdict === null ? '' : verdict === 'a' ? 'left' : verdict === 'b' ? 'right' : 'tie';
}

/** What a screen reader says of a cell; marks alone say nothing. */
function describe(cell: ComparisonCell, label: string): string {
  if (cell.waiting) return `${label}, waiting`;
  if (cell.error !== null) return `${label}, error: ${cell.error}`;
  const passes = cell.passes.map((pass) => (pass === null ? 'not scored' : pass ? 'passed' : 'failed'));
  return [label, ...passes, cell.text].join(', ');
}
