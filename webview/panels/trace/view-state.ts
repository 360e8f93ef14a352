import * as v from 'valibot';
import type { KeptExpansion } from '../../../src/core/trace/view/expansion.ts';
import { SPAN_KINDS } from '../../../src/core/trace/skeleton.ts';

export type DetailTab = 'conversation' | 'raw' | 'attributes' | 'events';

/** What survives a reload of the panel: where the person was looking, never what was there. */
export interface ViewState {
  readonly mode: 'tree' | 'messages';
  /** Equal siblings as one row; `null`: as suits the trace's length. */
  readonly merge: boolean | null;
  /** Names of the kinds that are shown; `null`: all. */
  readonly kinds: readonly string[] | null;
  readonly errorsOnly: boolean;
  /** Key of the row that the keyboard is on, and of the one that is open. */
  readonly active: string | null;
  readonly open: string | null;
  readonly tab: DetailTab;
  readonly expansion: KeptExpansion | null;
  /** Milliseconds after the trace's start; `null`: the whole trace. */
  readonly zoom: { readonly from: number; readonly to: number } | null;
  readonly find: string;
  /** Pixels; `null`: as designed. */
  readonly treeWidth: number | null;
  readonly detailWidth: number | null;
  readonly detailHeight: number | null;
}

export const INITIAL_STATE: ViewState = {
  mode: 'tree', merge: null, kinds: null, errorsOnly: false, active: null, open: null, tab: 'conversation', expansion: null, zoom: null, find: '',
  treeWidth: null, detailWidth: null, detailHeight: null,
};

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const size = v.fallback(v.nullable(v.pipe(v.number(), v.minValue(100), v.maxValue(10_000))), null);
const key = v.fallback(v.nullable(v.pipe(v.string(), v.regex(/^[sgm][0-9a-f]{0,32}$/))), null);
const keys = v.array(v.pipe(v.string(), v.maxLength(40)));

const schema = v.object({
  mode: v.fallback(v.picklist(['tree', 'messages']), 'tree'),
  merge: v.fallback(v.nullable(v.boolean()), null),
  kinds: v.fallback(v.nullable(v.array(v.picklist(SPAN_KINDS))), null),
  errorsOnly: v.fallback(v.boolean(), false),
  active: key,
  open: key,
  tab: v.fallback(v.picklist(['conversation', 'raw', 'attributes', 'events']), 'conversation'),
  expansion: v.fallback(v.nullable(v.object({
    mode: v.picklist(['auto', 'all', 'none']), open: keys, closed: keys, windows: v.array(v.object({ key: v.string(), from: index, to: index })),
  })), null),
  zoom: v.fallback(v.nullable(v.pipe(v.object({ from: v.pipe(v.number(), v.finite()), to: v.pipe(v.number(), v.finite()) }), v.check(({ from, to }) => to > from))), null),
  find: v.fallback(v.pipe(v.string(), v.maxLength(1000)), ''),
  treeWidth: size, detailWidth: size, detailHeight: size,
});

/** Takes what VS Code kept, also from an older build: what does not fit falls back to its default. */
export function decodeViewState(kept: unknown): ViewState {
  const parsed = v.safeParse(schema, kept);
  return parsed.success ? parsed.output : INITIAL_STATE;
}
