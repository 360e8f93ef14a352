import { batch, signal } from '@preact/signals';
import { findByName, matchesOf, type Matches } from '../../../src/core/trace/view/find.ts';
import type { TreeView } from '../../../src/core/trace/view/tree-view.ts';
import type { TracePanelMethods } from '../../../src/protocol/trace-panel.ts';
import type { PanelApi } from '../../shared/panel-model.ts';

const TYPING_MS = 180;
const MAX_FOUND = 100_000;

/** Finds spans by a text: names at once, everything else as soon as the engine has answered. */
export class Finder {
  readonly text = signal('');
  readonly matches = signal<Matches | null>(null);
  /** Index in `matches`; -1: none has been gone to. */
  readonly current = signal(-1);
  /** The span that was gone to last: in another revision it has another index. */
  #currentId: string | null = null;
  /** There are more than are marked. */
  readonly more = signal(false);
  readonly busy = signal(false);
  readonly #api: PanelApi<TracePanelMethods>;
  readonly #view: () => TreeView | null;
  readonly #onMatches: (matches: Matches | null) => void;
  readonly #onProblem: (error: unknown) => void;
  #asking = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What the engine found of the text last, in this revision or one before. */
  #found: readonly string[] = [];

  constructor(api: PanelApi<TracePanelMethods>, view: () => TreeView | null, on: { readonly onMatches: (matches: Matches | null) => void; readonly onProblem: (error: unknown) => void }) {
    this.#api = api;
    this.#view = view;
    this.#onMatches = on.onMatches;
    this.#onProblem = on.onProblem;
  }

  find(text: string): void {
    clearTimeout(this.#timer);
    this.#asking.abort();
    this.text.value = text;
    this.#found = [];
    this.#currentId = null;
    const view = this.#view();
    if (text.trim() === '' || view === null) {
      batch(() => {
        this.busy.value = false;
        this.more.value = false;
        this.#show(null);
      });
      return;
    }
    batch(() => {
      this.busy.value = true;
      this.#showFound(view);
    });
    this.#timer = setTimeout(() => void this.#ask(text.trim()), TYPING_MS);
  }

  /** A match was gone to. */
  goTo(index: number): void {
    const position = this.matches.value?.positions[index];
    this.#currentId = position === undefined ? null : (this.#view()?.positions.id(position) ?? null);
    this.current.value = index;
  }

  /** The same text in another revision. A question that is on its way is not asked anew: of a trace that grows quickly none would be answered. */
  again(): void {
    const view = this.#view();
    if (this.text.value.trim() === '' || view === null) return;
    this.#showFound(view);
    if (this.busy.value) return;
    clearTimeout(this.#timer);
    this.busy.value = true;
    this.#timer = setTimeout(() => void this.#ask(this.text.value.trim()), TYPING_MS);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#asking.abort();
  }

  async #ask(text: string): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const { spanIds, more } = await this.#api.request('trace/find', { text, limit: MAX_FOUND }, asking.signal);
      const view = this.#view();
      if (asking.signal.aborted || view === null) return;
      this.#found = spanIds;
      batch(() => {
        this.more.value = more;
        this.#showFound(view);
      });
    } catch (error) {
      if (!asking.signal.aborted) this.#onProblem(error);
    } finally {
      // One that was given up was given up for the next.
      if (!asking.signal.aborted) this.busy.value = false;
    }
  }

  /** Whose name holds the text, and what the engine has found. */
  #showFound(view: TreeView): void {
    const found = findByName(view.skeleton, this.text.value.trim());
    for (const id of this.#found) {
      const position = view.positions.position(id);
      if (position >= 0) found[position] = 1;
    }
    this.#show(matchesOf(found));
  }

  #show(matches: Matches | null): void {
    const position = this.#currentId === null ? -1 : (this.#view()?.positions.position(this.#currentId) ?? -1);
    this.matches.value = matches;
    this.current.value = position < 0 ? -1 : (matches?.positions.indexOf(position) ?? -1);
    this.#onMatches(matches);
  }
}
