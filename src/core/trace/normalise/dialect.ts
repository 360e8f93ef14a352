import type { Draft } from './draft.ts';
import type { SpanView } from './span-view.ts';

/** One convention for what attributes mean. */
export interface Dialect {
  readonly name: string;
  /** Whether the span speaks it; many spans speak several. */
  detect(view: SpanView): boolean;
  /** Fills what it knows; what an earlier dialect has filled stays. The span's kind is already decided. */
  read(draft: Draft): void;
}
