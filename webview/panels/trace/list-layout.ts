import type { TimeWindow } from '../../../src/core/trace/view/activity.ts';

/** Pixels before the first and after the last moment of the axis. */
export const PAD_LEFT = 12;
const PAD_RIGHT = 20;
/** A timeline narrower than this shows durations only. */
const SLIM = 340;
const TIGHT = 290;
/** Pixels a level; and those that icon, kind and name need. */
export const INDENT = 12;
const NAME = 180;
const TREE = { min: 240, share: 0.45, max: 400 };

/** What stands beside a name, with its width. They go from the last to the first when the list is narrow. */
export type NumberColumn = 'matches' | 'spans' | 'errors' | 'p50';
const NUMBERS: readonly (readonly [column: NumberColumn, width: number, fromListWidth: number])[] = [['matches', 60, 640], ['spans', 72, 520], ['errors', 56, 580], ['p50', 68, 720]];

export interface ListLayout {
  readonly numbers: readonly NumberColumn[];
  /** Name and numbers, in pixels. */
  readonly treeWidth: number;
  readonly timelineWidth: number;
  /** Value of `grid-template-columns`. */
  readonly template: string;
  readonly slim: boolean;
  /** Deeper levels are not moved further in: a chain of a thousand calls would leave the list. */
  readonly maxIndent: number;
  /** No room for models beside the names. */
  readonly tight: boolean;
}

/** `width`: of the list without its scroll bar. `treeWidth`: what the person chose. */
export function listLayout(width: number, { merged, finding, treeWidth }: { readonly merged: boolean; readonly finding: boolean; readonly treeWidth: number | null }): ListLayout {
  const numbers = NUMBERS.filter(([column, , from]) => width >= from && (column === 'matches' ? finding : merged));
  const taken = numbers.reduce((sum, [, own]) => sum + own, 0);
  const named = Math.round(Math.max(TREE.min, Math.min(TREE.max, width * TREE.share - taken * 0.3)));
  const tree = Math.max(160, Math.min(treeWidth ?? named + taken, width - 160));
  return {
    numbers: numbers.map(([column]) => column), treeWidth: tree, timelineWidth: width - tree, slim: width - tree < SLIM, tight: tree - taken < TIGHT, maxIndent: Math.max(2, Math.floor((tree - taken - NAME) / INDENT)) * INDENT,
    template: `minmax(0, ${tree - taken}px) ${numbers.map(([, own]) => `${own}px`).join(' ')} minmax(0, 1fr)`,
  };
}

/** Pixels of a moment from the left of the timeline. */
export function xOf(ms: number, window: TimeWindow, width: number): number {
  return PAD_LEFT + ((ms - window.from) / (window.to - window.from)) * (width - PAD_LEFT - PAD_RIGHT);
}

export function timeAt(x: number, window: TimeWindow, width: number): number {
  return window.from + ((x - PAD_LEFT) / (width - PAD_LEFT - PAD_RIGHT)) * (window.to - window.from);
}

/** Pixels that the axis itself has. */
export function plotWidth(width: number): number {
  return Math.max(1, width - PAD_LEFT - PAD_RIGHT);
}
