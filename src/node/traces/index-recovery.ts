import { traceOfNumber } from '../../core/trace/store/numbers.ts';
import { searchTextOfChunk, searchTextOfSpan } from '../../core/trace/store/search-text.ts';
import { draftBody, readBody } from '../../core/trace/store/span-body.ts';
import type { BatchWriter } from './batch-writer.ts';
import { ChunkReader, textOfChunk } from './chunk-store.ts';
import type { Range } from './index-behind.ts';
import { hashOfChunk } from './prepare-span.ts';
import { spanIdOfBits } from './span-ids.ts';

/** Spans, or chunks, that one step adds to an index. */
const ROWS_OF_STEP = 250;

type SpanText = [n: number, id: bigint, name: string, body: string];

/** Adds to the indexes what a process that was killed had stored and not added yet (`index_behind`). */
export class IndexRecovery {
  readonly #writer: BatchWriter;
  readonly #statements;
  readonly #reader: ChunkReader;
  #search: Range[] = [];
  #keys: Range[] = [];
  readonly #found = new Set<number>();

  constructor(writer: BatchWriter) {
    this.#writer = writer;
    const { database } = writer;
    this.#reader = new ChunkReader(database);
    this.#statements = {
      spans: database.prepare('SELECT s.n, s.id, t.text, b.body FROM span s JOIN trace_text t ON t.n = s.name JOIN span_body b ON b.n = s.n WHERE s.n BETWEEN ? AND ? ORDER BY s.n LIMIT ?').raw().safeIntegers(),
      traceId: database.prepare('SELECT lower(hex(id)) FROM trace WHERE n = ?').pluck(),
      chunks: database.prepare('SELECT n, form, body FROM chunk WHERE n BETWEEN ? AND ? ORDER BY n LIMIT ?').raw(),
      alone: database.prepare('SELECT c.n, c.form, c.body FROM chunk c WHERE c.n BETWEEN ? AND ? AND EXISTS (SELECT 1 FROM chunk_use u WHERE u.chunk = c.n) ORDER BY c.n').raw(),
    };
  }

  /** Looks for what no living part of this process stands for. Of another process that lives it is done a moment sooner than it would. */
  look(): void {
    this.#search = this.#writer.search.foreign();
    this.#keys = this.#writer.spans.chunks.keys.foreign();
  }

  get isIdle(): boolean {
    return this.#search.length === 0 && this.#keys.length === 0;
  }

  /** Adds some rows. Within no transaction. */
  step(): void {
    const range = this.#search.shift();
    if (range === undefined) {
      this.#stepKeys();
      return;
    }
    const next = this.#writer.transaction(() => this.#addTexts(range));
    if (next !== null) this.#search.unshift({ first: next, last: range.last });
    this.#found.add(traceOfNumber(range.first));
  }

  /** Numbers of the traces that are found by more words than when this was asked last. */
  takeFound(): number[] {
    const found = [...this.#found];
    this.#found.clear();
    return found;
  }

  addAllKeys(): void {
    while (this.#keys.length > 0) this.#stepKeys();
  }

  #stepKeys(): void {
    const keys = this.#keys.shift();
    if (keys === undefined) return;
    const next = this.#writer.transaction(() => this.#addKeys(keys));
    if (next !== null) this.#keys.unshift({ first: next, last: keys.last });
  }

  /** The first number that is left; `null`: none. */
  #addTexts(range: Range): number | null {
    const trace = traceOfNumber(range.first);
    const spans = this.#statements.spans.all(BigInt(range.first), BigInt(range.last), ROWS_OF_STEP + 1) as SpanText[];
    const next = spans.length > ROWS_OF_STEP ? Number(spans.pop()![0]) : null;
    if (!this.#writer.search.takeOver(range, next)) return null;
    const rows = new Map<number, { text: string; isLater: boolean }>();
    const traceId = this.#statements.traceId.get(trace) as string | undefined;
    if (traceId === undefined && range.last !== range.first) return null;
    for (const [n, id, name, body] of spans) rows.set(Number(n), { text: this.#textOf(Number(n), id, name, body), isLater: true });
    const until = next === null ? range.last : next - 1;
    for (const [n, form, body] of this.#statements.alone.all(range.first, until) as [number, number, string | Buffer][]) rows.set(n, { text: searchTextOfChunk(textOfChunk(form, body)), isLater: true });
    this.#writer.search.put(rows);
    // Log records of spans are found, too.
    if (traceId !== undefined) this.#writer.joinAgain(traceId);
    return next;
  }

  #textOf(n: number, id: bigint, name: string, body: string): string {
    const span = readBody(body, n, { traceId: '', spanId: spanIdOfBits(id), parentSpanId: null, name, startTimeUnixNano: '0', endTimeUnixNano: null }, this.#reader);
    return [searchTextOfSpan(span, draftBody(span)), ...this.#writer.spans.chunks.broughtBy(n)].join('\n');
  }

  #addKeys(range: Range): number | null {
    const chunks = this.#statements.chunks.all(range.first, range.last, ROWS_OF_STEP + 1) as [number, number, string | Buffer][];
    const next = chunks.length > ROWS_OF_STEP ? chunks.pop()![0] : null;
    this.#writer.spans.chunks.keys.takeOver(range, chunks.map(([n, form, body]) => [hashOfChunk(textOfChunk(form, body)), n] as const), next);
    return next;
  }
}

