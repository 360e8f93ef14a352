/** A page of a list that somebody else filters, sorts and counts. */
export interface RowPage<Row> {
  readonly rows: readonly Row[];
  /** Rows of the whole view. */
  readonly total: number;
  /** Of what the rows are made from; grows with every change. */
  readonly revision: number;
}

export interface PagedRowsEvents {
  /** Rows, the total or the last page are other than before. */
  readonly onChange: () => void;
  readonly onError: (error: unknown) => void;
}

export const PAGE_SIZE = 100;
/** Pages that are kept; what is far from the eye is asked for again. */
const MAX_PAGES = 60;
/** How long the rows of the previous view stay while the first of the new one are on their way: no flash of placeholders. */
const LINGER_MS = 150;
/** A search that the person waits for ends here. */
const MAX_SEARCHED_ROWS = 2000;

interface Kept<Row> {
  readonly rows: readonly Row[];
  readonly revision: number;
}

/**
 * The rows of one view as far as somebody looked at them, in pages. A page is good for one revision of the data: a
 * newer revision leaves its rows visible and asks for them again when they are (still) wanted.
 */
export class PagedRows<View, Row, Page extends RowPage<Row>> {
  readonly #fetch: (view: View, from: number, to: number, signal: AbortSignal) => Promise<Page>;
  readonly #events: PagedRowsEvents;
  readonly #pages = new Map<number, Kept<Row>>();
  readonly #inFlight = new Map<number, Promise<void>>();
  #previous: ReadonlyMap<number, Kept<Row>> | null = null;
  #previousTimer: ReturnType<typeof setTimeout> | undefined;
  #view: View;
  #revision = 0;
  #epoch = 0;
  #total: number | null = null;
  #lastPage: Page | null = null;
  #generation = new AbortController();
  #wanted: readonly [first: number, last: number] = [0, 0];
  #use = 0;
  #searches = 0;
  readonly #lastUse = new Map<number, number>();

  /** `fetch` asks for the rows [from, to) of a view. */
  constructor(view: View, fetch: (view: View, from: number, to: number, signal: AbortSignal) => Promise<Page>, events: PagedRowsEvents) {
    this.#view = view;
    this.#fetch = fetch;
    this.#events = events;
  }

  get view(): View {
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

  /** The page that came last, for what it says beside its rows. */
  get lastPage(): Page | null {
    return this.#lastPage;
  }

  /** `undefined`: not here (yet). */
  row(index: number): Row | undefined {
    const page = Math.floor(index / PAGE_SIZE);
    return (this.#pages.get(page) ?? this.#previous?.get(page))?.rows[index - page * PAGE_SIZE];
  }

  /** The rows of the present view that are here. */
  *loaded(): Iterable<Row> {
    for (const page of this.#pages.values()) yield* page.rows;
  }

  /** Looks at the data another way: everything is asked for anew. */
  setView(view: View): void {
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

  /** The rows are of other data now, with revisions of their own. */
  restart(): void {
    this.#revision = 0;
    this.#pages.clear();
    this.setView(this.#view);
  }

  /** The data changed. */
  setRevision(revision: number): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    this.want(...this.#wanted);
  }

  /** The first rows of the present view, which came with something else. */
  begin(page: Page): void {
    this.#pages.set(0, { rows: page.rows, revision: page.revision });
    this.#revision = Math.max(this.#revision, page.revision);
    this.#total = page.total;
    this.#lastPage = page;
    this.#events.onChange();
  }

  /** Rows first to last (inclusive) are, or soon will be, seen: asks for those that are missing or out of date. */
  want(first: number, last: number): void {
    this.#wanted = [first, last];
    const end = this.#total === null ? last : Math.min(last, this.#total - 1);
    const firstPage = Math.max(0, Math.floor(first / PAGE_SIZE));
    for (let page = firstPage; page <= Math.max(firstPage, Math.floor(end / PAGE_SIZE)); page++) void this.#load(page);
  }

  /** Resolves with the row, asking for its page if need be; `undefined` where there is none, as above the first. */
  async load(index: number): Promise<Row | undefined> {
    if (index < 0) return undefined;
    await this.#load(Math.floor(index / PAGE_SIZE));
    return this.row(index);
  }

  /** Index of the first row from `from` on, and from the begin again, that matches, among the rows that are here and some more; `undefined` too when another search began meanwhile. */
  async search(from: number, matches: (row: Row) => boolean): Promise<number | undefined> {
    const search = ++this.#searches;
    const total = this.#total ?? 0;
    for (let step = 0; step < Math.min(total, MAX_SEARCHED_ROWS); step++) {
      const index = (from + step) % total;
      const row = this.row(index) ?? (await this.load(index));
      if (search !== this.#searches) return undefined;
      if (row !== undefined && matches(row)) return index;
    }
    return undefined;
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
      this.#lastPage = got;
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
