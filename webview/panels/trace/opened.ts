import { signal } from '@preact/signals';
import type { Row } from '../../../src/core/trace/view/rows.ts';
import type { TreeView } from '../../../src/core/trace/view/tree-view.ts';
import type { TracePanelMethods } from '../../../src/protocol/trace-panel.ts';
import type { SpanDetail } from '../../../src/protocol/traces.ts';
import type { Failure } from '../../shared/failure.ts';
import { Opening } from '../../shared/opening.ts';
import type { PanelApi } from '../../shared/panel-model.ts';

/** What the detail shows: a span, or a row that stands for several. */
export type Open =
  | { readonly kind: 'span'; readonly position: number; /** For a moment still that of the span before; `null`: on its way. */ readonly detail: SpanDetail | null; readonly failure: Failure | null }
  | { readonly kind: 'rows'; readonly row: Row };

/** The opened row, and the asking for what it is. */
export class Opened {
  readonly open = signal<Open | null>(null);
  readonly #api: PanelApi<TracePanelMethods>;
  readonly #asking = new Opening<SpanDetail>();

  constructor(api: PanelApi<TracePanelMethods>) {
    this.#api = api;
  }

  close(): void {
    this.#asking.stop();
    this.open.value = null;
  }

  showRows(row: Row): void {
    this.#asking.stop();
    this.open.value = { kind: 'rows', row };
  }

  async showSpan(view: TreeView, position: number): Promise<void> {
    const spanId = view.positions.id(position);
    const before = this.open.value?.kind === 'span' ? this.open.value.detail : null;
    this.open.value = { kind: 'span', position, detail: before, failure: null };
    await this.#asking.read({
      ask: (signal) => this.#api.request('trace/span', { spanId }, signal),
      show: (detail, failure) => { this.open.value = { kind: 'span', position, detail, failure }; },
      isShown: () => before?.span.spanId === spanId,
    });
  }

  /** Names what is open for another revision; `null`: nothing is. */
  key(view: TreeView): string | null {
    const open = this.open.value;
    if (open === null) return null;
    return open.kind === 'span' ? `s${view.positions.id(open.position)}` : view.keyOf(open.row);
  }

  /** The same span or row in another revision; what it says may have changed. */
  reopen(view: TreeView, key: string | null): void {
    if (key === null) return;
    const index = view.indexOfKey(key);
    const position = key.startsWith('s') ? view.positions.position(key.slice(1)) : index >= 0 ? view.rows.at(index).position : -1;
    if (position >= 0) void this.showSpan(view, position);
    else if (index >= 0) this.showRows(view.rows.at(index));
  }

  dispose(): void {
    this.#asking.stop();
  }
}
