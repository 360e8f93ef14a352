/** A page of a list that grows at its begin while it is looked at. */
export interface Page<T> {
  readonly rows: readonly T[];
  /** Where the next page begins; `null`: this is the last. */
  readonly next: string | null;
}

/** Rows of one request, at most. */
const LARGEST_REQUEST = 500;

/** A list that is loaded page by page and read again as far as it was loaded. Requests of one list never overlap. */
export class PagedList<T> {
  readonly #fetch: (limit: number, cursor: string | undefined) => Promise<Page<T>>;
  readonly #signature: (row: T) => string;
  readonly #pageSize: number;
  #rows: readonly T[] | null = null;
  #next: string | null = null;
  #queue: Promise<unknown> = Promise.resolve();

  /** `signature`: what differs when a row has to be shown anew. */
  constructor(fetch: (limit: number, cursor: string | undefined) => Promise<Page<T>>, signature: (row: T) => string, pageSize = 100) {
    this.#fetch = fetch;
    this.#signature = signature;
    this.#pageSize = pageSize;
  }

  get rows(): readonly T[] {
    return this.#rows ?? [];
  }

  get hasMore(): boolean {
    return this.#next !== null;
  }

  /** The rows that are loaded; the first page when nothing was. */
  async load(): Promise<readonly T[]> {
    if (this.#rows === null) await this.#inTurn(async () => {
      if (this.#rows === null) await this.#read(this.#pageSize);
    });
    return this.rows;
  }

  more(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#rows !== null && this.#next === null) return;
      const page = await this.#fetch(this.#pageSize, this.#next ?? undefined);
      this.#rows = [...this.rows, ...page.rows];
      this.#next = page.next;
    });
  }

  /** Reads what is loaded again. Resolves to whether anything differs; of a list that nobody has loaded nothing does. */
  refresh(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#rows === null) return false;
      const before = this.#state();
      await this.#read(Math.max(this.#rows.length, this.#pageSize));
      return this.#state() !== before;
    });
  }

  #state(): string {
    return `${this.rows.map(this.#signature).join('\n')}\n${this.#next === null}`;
  }

  async #read(count: number): Promise<void> {
    const rows: T[] = [];
    let next: string | null = null;
    do {
      const page: Page<T> = await this.#fetch(Math.min(count - rows.length, LARGEST_REQUEST), next ?? undefined);
      rows.push(...page.rows);
      next = page.rows.length === 0 ? null : page.next;
    } while (next !== null && rows.length < count);
    this.#rows = rows;
    this.#next = next;
  }

  #inTurn<R>(action: () => Promise<R>): Promise<R> {
    const result = this.#queue.then(action);
    // A failure belongs to the one who asked; the next request of this list goes on.
    this.#queue = result.catch(() => undefined);
    return result;
  }
}
