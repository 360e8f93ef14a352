import { batch, signal } from '@preact/signals';
import { findByName, matchesOf, type Matches } from '../../../src/core/trace/view/find.ts';
import type { TreeView } from '../../../src/core/trace/view/tree-view.ts';
import type { TracePanelApi } from './api.ts';

const TYPING_MS = 180;
const MAX_FOUND = 100_000;

/** Finds spans by a text: names at once, everything else as soon as the engine has answered. */
export class Finder {
  readonly text = signal('');
  readonly matches = signal<Matches | null>(null);
  /** Index in `matches`; -1: none has been gone to. */
  readonly current = signal(-1);
  /** There are more than are marked. */
  readonly more = signal(false);
  readonly busy = signal(false);
  readonly #api: TracePanelApi;
  readonly #view: () => TreeView | null;
  readonly #onMatches: (matches: Matches | null) => void;
  readonly #onProblem: (error: unknown) => void;
  #asking = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: TracePanelApi, view: () => TreeView | null, on: { readonly onMatches: (matches: Matches | null) => void; readonly onProblem: (error: unknown) => void }) {
    this.#api = api;
    this.#view = view;
    this.#onMatches = on.onMatches;
    this.#onProblem = on.onProblem;
  }

  find(text: string): void {
    clearTimeout(this.#timer);
    this.#asking.abort();
    this.text.value = text;
    const view = this.#view();
    if (text.trim() === '' || view === null) {
      batch(() => {
        this.busy.value = false;
        this.more.value = false;
        this.#show(null);
      });
      return;
    }
    const byName = findByName(view.skeleton, text.trim());
    batch(() => {
      this.busy.value = true;
      this.#show(matchesOf(byName));
    });
    this.#timer = setTimeout(() => void this.#ask(view, text.trim(), byName), TYPING_MS);
  }

  /** The same text in another revision. */
  again(): void {
    this.find(this.text.value);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#asking.abort();
  }

  async #ask(view: TreeView, text: string, found: Uint8Array): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const { spanIds, more } = await this.#api.request('trace/find', { text, limit: MAX_FOUND }, asking.signal);
      if (asking.signal.aborted || this.#view() !== view) return;
      for (const id of spanIds) {
        const position = view.positions.position(id);
        if (position >= 0) found[position] = 1;
      }
      batch(() => {
        this.more.value = more;
        this.#show(matchesOf(found));
      });
    } catch (error) {
      if (!asking.signal.aborted) this.#onProblem(error);
    } finally {
      if (this.#asking === asking) this.busy.value = false;
    }
  }

  #show(matches: Matches | null): void {
    this.matches.value = matches;
    this.current.value = -1;
    this.#onMatches(matches);
  }
}
