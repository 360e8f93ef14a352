import type { CellFilter, GridPage, GridRow, GridView } from '../../../src/protocol/engine.ts';

export type SliceRow = Extract<GridRow, { kind: 'slice' }>;
export type CaseRow = Extract<GridRow, { kind: 'case' }>;

/** Asks for the rows [from, to) of a view. */
export type FetchPage = (view: GridView, from: number, to: number, signal: AbortSignal) => Promise<GridPage>;

export interface RowCacheEvents {
  /** Rows, the total or the counts are other than before. */
  readonly onChange: () => void;
  readonly onError: (error: unknown) => void;
}

export const PAGE_SIZE = 100;
/** Pages that are kept; what is far from the eye is asked for again. */
const MAX_PAGES = 60;
/** How long the rows of the previous view stay while the first of the new one are on their way: no flash of placeholders. */
const LINGER_MS = 150;

interface Page {
  readonly rows: readonly GridRow[];
  readonly revision: number;
}

/**
 * The rows of one view as far as somebody looked at them, in pages. A page is good for one revision of the run's cells: a
 * newer revision leaves its rows visible and asks for them again when they are (still) wanted.
 */
export class RowCache {
  readonly #fetch: FetchPage;
  readonly #events: RowCacheEvents;
  readonly #pages = new Map<number, Page>();
  readonly #inFlight = new Map<number, Promise<void>>();
  #previous: ReadonlyMap<number, Page> | null = null;
  #previousTimer: ReturnType<typeof setTimeout> | undefined;
  #view: GridView;
  #revision = 0;
  #epoch = 0;
  #total: number | null = null;
  #counts: Readonly<Record<CellFilter, number>> | null = null;
  #generation = new AbortController();
  #wanted: readonly [first: number, last: number] = [0, 0];
  #use = 0;
  readonly #lastUse = new Map<number, number>();

  constructor(view: GridView, fetch: FetchPage, events: RowCacheEvents) {
    this.#view = view;
    this.#fetch = fetch;
    this.#events = events;
  }

  get view(): GridView {
    return this.#view;
  }

  /** Rows of the view; `null` before the first page came. After a change of view the old total, until the new one comes. */
  get total(): number | null {
    return this.#total;
  }

  /** Another number: rows that were drawn under an earlier one say nothing any more. */
  get epoch(): number {
    return this.#epoch;
  }

  get counts(): Readonly<Record<CellFilter, number>> | null {
    return this.#counts;
  }

  /** `undefined`: not here (yet). */
  row(index: number): GridRow | undefined {
    const page = Math.floor(index / PAGE_SIZE);
    return (this.#pages.get(page) ?? this.#previous?.get(page))?.rows[index - page * PAGE_SIZE];
  }

  /** The rows of the present view that are here. */
  *loaded(): Iterable<GridRow> {
    for (const page of this.#pages.values()) yield* page.rows;
  }

  /** Looks at the run another way: everything is asked for anew. */
  setView(view: GridView): void {
    this.#generation.abort();
    this.#generation = new AbortController();
    this.#inFlight.clear();
    if (this.#pages.size > 0) this.#previous = new Map(this.#pages);
    this.#pages.clear();
    this.#lastUse.clear();
    this.#view = view;
    clearTimeout(this.#previousTimer);
    this.#previousTimer = setTimeout(() => this.#dropPrevious(), LINGER_MS);
    this.want(0, Math.min(this.#wanted[1] - this.#wanted[0], PAGE_SIZE));
  }

  /** The run's cells changed. */
  setRevision(revision: number): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    this.want(...this.#wanted);
  }

  /** Rows first to last (inclusive) are, or soon will be, seen: asks for those that are missing or out of date. */
  want(first: number, last: number): void {
    this.#wanted = [first, last];
    const end = this.#total === null ? last : Math.min(last, this.#total - 1);
    const firstPage = Math.max(0, Math.floor(first / PAGE_SIZE));
    for (let page = firstPage; page <= Math.max(firstPage, Math.floor(end / PAGE_SIZE)); page++) void this.#load(page);
  }

  /** Resolves with the row, asking for its page if need be. */
  async load(index: number): Promise<GridRow | undefined> {
    await this.#load(Math.floor(index / PAGE_SIZE));
    return this.row(index);
  }

  /** After a failure or a reconnect. */
  retry(): void {
    this.#inFlight.clear();
    this.want(...this.#wanted);
  }

  dispose(): void {
    clearTimeout(this.#previousTimer);
    this.#generation.abort();
  }

  /** Resolves when the page is here, or cannot be had. */
  #load(page: number): Promise<void> {
    this.#lastUse.set(page, ++this.#use);
    const have = this.#pages.get(page);
    if (have !== undefined && have.revision >= this.#revision) return Promise.resolve();
    // One request a page at a time; a newer revision is asked for when the one under way has come back.
    const underWay = this.#inFlight.get(page);
    if (underWay !== undefined) return underWay;
    const flight = this.#request(page);
    this.#inFlight.set(page, flight);
    return flight;
  }

  async #request(page: number): Promise<void> {
    const generation = this.#generation;
    const known = this.#revision;
    try {
      const from = page * PAGE_SIZE;
      const got = await this.#fetch(this.#view, from, from + PAGE_SIZE, generation.signal);
      if (generation.signal.aborted) return;
      this.#pages.set(page, { rows: got.rows, revision: Math.max(known, got.revision) });
      this.#total = got.total;
      this.#counts = got.counts;
      this.#inFlight.delete(page);
      this.#dropPrevious(false);
      this.#evict();
      this.#events.onChange();
      if (this.#isWanted(page)) void this.#load(page);
    } catch (error) {
      if (generation.signal.aborted) return;
      this.#inFlight.delete(page);
      this.#events.onError(error);
    }
  }

  #isWanted(page: number): boolean {
    return page >= Math.floor(this.#wanted[0] / PAGE_SIZE) && page <= Math.floor(this.#wanted[1] / PAGE_SIZE);
  }

  #dropPrevious(tell = true): void {
    if (this.#previous === null) return;
    this.#previous = null;
    this.#epoch++;
    if (tell) this.#events.onChange();
  }

  #evict(): void {
    if (this.#pages.size <= MAX_PAGES) return;
    const oldest = [...this.#pages.keys()].sort((a, b) => (this.#lastUse.get(a) ?? 0) - (this.#lastUse.get(b) ?? 0));
    for (const page of oldest.slice(0, this.#pages.size - MAX_PAGES)) {
      this.#pages.delete(page);
      this.#lastUse.delete(page);
    }
  }
}
