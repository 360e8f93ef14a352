import { Component, type ComponentChild } from 'preact';
import { formatCount, formatScore } from '../../../src/core/text/format.ts';
import type { GridCell } from '../../../src/protocol/engine.ts';
import { Icon } from '../../controls/icon.tsx';
import { Marks } from '../../shared/marks.tsx';
import { Duration, Rate } from '../../shared/numbers.tsx';
import type { GridLayout } from './grid-columns.ts';
import { RunIcon } from './icons.tsx';
import type { CaseRow, SliceRow } from './row-cache.ts';

export const ROW_HEIGHT = 26;

export interface RowActions {
  readonly onCell: (row: number, column: number) => void;
  readonly onToggle: (row: number, slice: string) => void;
  readonly onRerun: (caseIndex: number) => void;
}

interface RowProps {
  readonly index: number;
  readonly row: CaseRow | SliceRow | undefined;
  /** Another one: no row of before is right any more. */
  readonly epoch: number;
  readonly layout: GridLayout;
  /** Column of the keyboard in this row, or -1. */
  readonly activeColumn: number;
  readonly models: readonly string[];
  readonly actions: RowActions;
}

/**
 * One row of the grid. Drawn again only when something of its own changed; one that is on its way draws nothing, and the old one
 * stays where it was, out of sight, with the list's own placeholder in its place: that is what keeps fast scrolling cheap.
 * Tooltips are the grid's business (`data-tip`: show the whole text where it is cut off).
 */
export class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const now = this.props;
    if (now.epoch !== next.epoch || now.layout !== next.layout || now.models !== next.models) return true;
    if (next.row === undefined) return false;
    return now.row !== next.row || now.index !== next.index || now.activeColumn !== next.activeColumn;
  }

  override render({ index, row, layout, activeColumn, models, actions }: RowProps): ComponentChild {
    if (row === undefined) return <div class="row away" />;
    const place = { transform: `translateY(${index * ROW_HEIGHT}px)` };
    const selected = activeColumn >= 0;
    if (row.kind === 'slice') {
      return (
        <div class={selected ? 'row group sel' : 'row group'} style={place} role="row" aria-rowindex={index + 2} aria-expanded={!row.collapsed} aria-selected={selected} onClick={() => actions.onToggle(index, row.slice)}>
          <SliceCells row={row} layout={layout} index={index} />
        </div>
      );
    }
    return (
      <div class={selected ? 'row sel' : 'row'} style={place} role="row" aria-rowindex={index + 2} aria-selected={selected}>
        <span id={cellId(index, 0)} class={activeColumn === 0 ? 'case mono at' : 'case mono'} role="gridcell" aria-colindex={1} data-tip="" onClick={() => actions.onCell(index, 0)}>{row.caseId}</span>
        {layout.slice && <span class="slice small dim" role="gridcell" onClick={() => actions.onCell(index, 0)}>{row.slice ?? ''}</span>}
        {layout.variables && (
          <span class="vars-cell small" role="gridcell" onClick={() => actions.onCell(index, 0)}>
            <span class="ell" data-tip="">{row.variables}</span>
            <button type="button" class="row-action" tabIndex={-1} title="Re-run this case" aria-label="Re-run this case" onClick={(event) => { event.stopPropagation(); actions.onRerun(row.caseIndex); }}>
              <RunIcon name="refresh" />
            </button>
          </span>
        )}
        {layout.expected && <span class="exp mono" role="gridcell" data-tip="" onClick={() => actions.onCell(index, 0)}>{row.expected ?? ''}</span>}
        {row.cells.map((cell, model) => (
          <Cell key={model} id={cellId(index, model + 1)} cell={cell} label={models[model] ?? ''} colindex={layout.lead + model + 1} active={activeColumn === model + 1} latency={layout.latency} onClick={() => actions.onCell(index, model + 1)} />
        ))}
      </div>
    );
  }
}

/** The contents of a slice's row, also drawn where it sticks to the top. */
export function SliceCells({ row, layout, index }: { readonly row: SliceRow; readonly layout: GridLayout; readonly index: number | null }): ComponentChild {
  return (
    <>
      <span id={index === null ? undefined : cellId(index, 0)} class="case" role="gridcell" style={{ gridColumn: `1 / span ${layout.lead}` }}>
        <Icon name={row.collapsed ? 'chevronRight' : 'chevronDown'} />
        <span class="ell">{row.slice} <span class="dim small">{formatCount(row.cases, 'case')}</span></span>
      </span>
      {row.models.map((model, at) => (
        <span key={at} class="slice-rate" role="gridcell">
          <Rate rate={model.passRate} interval={model.interval} count={`${formatCount(model.n)} scored`} width={56} />
        </span>
      ))}
    </>
  );
}

function Cell({ id, cell, label, colindex, active, latency, onClick }: {
  readonly id: string;
  readonly cell: GridCell;
  readonly label: string;
  readonly colindex: number;
  readonly active: boolean;
  readonly latency: boolean;
  readonly onClick: () => void;
}): ComponentChild {
  const bad = cell.status === 'error' || cell.passes.includes(false);
  return (
    <span id={id} class={`cell${bad ? ' bad' : ''}${active ? ' at' : ''}`} role="gridcell" aria-colindex={colindex} aria-label={describe(cell, label)} onClick={onClick}>
      <CellContent cell={cell} latency={latency} />
    </span>
  );
}

function CellContent({ cell, latency }: { readonly cell: GridCell; readonly latency: boolean }): ComponentChild {
  switch (cell.status) {
    case 'waiting':
      return <><span /><span class="waiting">waiting</span></>;
    case 'running':
      return <><Icon name="loading" class="spin" /><span class="running">running</span>{latency && cell.latencyMs !== null && <span class="n t"><Duration ms={cell.latencyMs} /></span>}</>;
    case 'error':
      return <><Icon name="error" class="fail" /><span class="ell reason" data-tip="">{cell.error ?? 'error'}</span>{latency && cell.latencyMs !== null && <span class="n t"><Duration ms={cell.latencyMs} /></span>}</>;
    case 'done':
      return (
        <>
          <Marks passes={cell.passes} />
          <span class="out"><span class="ell" data-tip="">{cell.text}</span>{cell.multiline && <span class="dim" title="More lines follow">↵</span>}{cell.agreement !== undefined && <span class="agreement dim" title="Share of the repeats that gave this output">{cell.agreement}</span>}</span>
          {cell.score !== null && <span class="n score">{formatScore(cell.score)}</span>}
          {latency && (cell.cached ? <span class="n t cached">cached</span> : <span class={cell.slow ? 'n t slow' : 'n t'}><Duration ms={cell.latencyMs} /></span>)}
        </>
      );
  }
}

export function cellId(row: number, column: number): string {
  return `r${row}c${column}`;
}

/** What a screen reader says of a cell; icons alone say nothing. */
function describe(cell: GridCell, label: string): string {
  const verdicts = cell.passes.map((pass) => (pass === null ? 'not scored' : pass ? 'passed' : 'failed'));
  const state = cell.status === 'done' ? verdicts.join(', ') : cell.status === 'error' ? `error: ${cell.error ?? ''}` : cell.status;
  return [label, state, cell.text, cell.score === null ? '' : `score ${formatScore(cell.score)}`, cell.cached ? 'cached' : cell.slow ? 'slow' : ''].filter((part) => part !== '').join(', ');
}
