import type { Database } from '../sqlite/database.ts';
import { NUMBERS_PER_TRACE, ORIGINS } from '../../core/trace/store/numbers.ts';
import type { Contribution, TraceShare } from '../../core/trace/store/span-row.ts';
import type { BatchOrigin } from '../../core/trace/sink.ts';

/** More values by which to find one trace are somebody's accident; the text is found by searching. */
const MAX_FACETS = 20_000;
const MAX_NAMES = 50;
const EVAL = ORIGINS.indexOf('eval');

/** What `trace` holds of one trace, while its spans come in. */
export interface TraceColumns {
  n: number;
  nextSequence: number;
  revision: number;
  name: string;
  nameStart: bigint;
  nameOfRoot: number;
  start: bigint;
  end: bigint | null;
  spans: number;
  running: number;
  errors: number;
  hiddenErrors: number;
  llmCalls: number;
  toolCalls: number;
  tokens: number | null;
  inputTokens: number | null;
  outputTokens: number | null;
  cost: number | null;
  priced: number;
  unpriced: number;
  service: string | null;
  environment: string | null;
  session: string | null;
  user: string | null;
  origin: number;
  project: string | null;
  /** `previewOfSpan` of the first model call; without one of a root. */
  preview: string | null;
  previewStart: bigint;
  previewOfCall: number;
  bytes: number;
}

export class TraceState {
  readonly id: string;
  readonly columns: TraceColumns;
  isNew: boolean;
  readonly models: Set<string>;
  readonly tags: Set<string>;
  /** Bits of the keys of FACETS, by value. */
  readonly facets = new Map<string, number>();
  facetCount = 0;
  /** Ids of missing parents above a model call. */
  readonly awaited = new Set<bigint>();
  /** Ids of spans that are known to have a model call below. */
  readonly above = new Set<bigint>();
  /** Log records that name this trace, or its session, are in the store. */
  hasLogs = false;
  /** Spans or sums changed in this transaction. */
  isTouched = false;
  /** Its facets are known: the next span of a batch mostly has the same. */
  lastShare: TraceShare | null = null;
  /** `size`, when it was saved last. */
  savedSize = 0;

  constructor(id: string, columns: TraceColumns, isNew: boolean, models: Iterable<string> = [], tags: Iterable<string> = []) {
    this.id = id;
    this.columns = columns;
    this.isNew = isNew;
    this.models = new Set(models);
    this.tags = new Set(tags);
  }

  /** What it holds in memory, in entries of its lists. */
  get size(): number {
    return 1 + this.facetCount + this.awaited.size + this.above.size;
  }

  /** A number for a span or a chunk. @throws when the trace has none left: the next would be one of another trace */
  next(): number {
    if (this.columns.nextSequence >= NUMBERS_PER_TRACE) throw new Error(`the trace ${this.id} has more spans than one trace can hold`);
    return this.columns.n * NUMBERS_PER_TRACE + this.columns.nextSequence++;
  }

  /** A span came, or the sums of one changed: `sign` -1 takes the contribution back. */
  count(contribution: Contribution, sign: 1 | -1): void {
    const { columns } = this;
    columns.running += sign * contribution.running;
    columns.errors += sign * contribution.errors;
    columns.hiddenErrors += sign * contribution.hiddenErrors;
    columns.llmCalls += sign * contribution.llmCalls;
    columns.toolCalls += sign * contribution.toolCalls;
    columns.tokens = add(columns.tokens, contribution.tokens, sign);
    columns.inputTokens = add(columns.inputTokens, contribution.inputTokens, sign);
    columns.outputTokens = add(columns.outputTokens, contribution.outputTokens, sign);
    columns.unpriced += sign * contribution.unpriced;
    if (contribution.cost !== null) {
      columns.priced += sign;
      // Sums of doubles leave a rest when they are taken apart again
      columns.cost = columns.priced === 0 ? null : (columns.cost ?? 0) + sign * contribution.cost;
    }
  }

  /** A root gives the name; of several the one that began first; without one the first span does. */
  offerName(name: string, start: bigint, isRoot: boolean): void {
    const { columns } = this;
    const root = isRoot ? 1 : 0;
    if (columns.spans > 0 && (root < columns.nameOfRoot || (root === columns.nameOfRoot && start >= columns.nameStart))) return;
    columns.name = name;
    columns.nameStart = start;
    columns.nameOfRoot = root;
  }

  /** What the first model call was asked says more than what a root was given, which is often the whole request. */
  offerPreview(preview: string | null, start: bigint, isCall: boolean): void {
    const { columns } = this;
    const call = isCall ? 1 : 0;
    // A later version of the same span replaces what it said.
    if (preview === null || (columns.preview !== null && (call < columns.previewOfCall || (call === columns.previewOfCall && start > columns.previewStart)))) return;
    columns.preview = preview;
    columns.previewStart = start;
    columns.previewOfCall = call;
  }

  offerTimes(start: bigint, end: bigint | null): void {
    const { columns } = this;
    if (columns.spans === 0 || start < columns.start) columns.start = start;
    if (end !== null && (columns.end === null || end > columns.end)) columns.end = end;
  }

  /** What the root says stands; else what was said first. */
  offerShare(share: TraceShare, isRoot: boolean, model: string | null, origin: BatchOrigin): void {
    const { columns } = this;
    for (const key of ['service', 'environment', 'session', 'user'] as const) {
      if (share[key] !== null && (isRoot || columns[key] === null)) columns[key] = share[key];
    }
    if (model !== null && this.models.size < MAX_NAMES) this.models.add(model);
    for (const tag of share.tags) if (this.tags.size < MAX_NAMES) this.tags.add(tag);
    columns.project ??= origin.project ?? null;
    // A program that an eval runs may send its spans before the eval has written its own.
    if (origin.kind === 'eval') columns.origin = EVAL;
  }

  /** Whether the trace is not known to be found by this yet. */
  addFacet(key: number, value: string): boolean {
    const bits = this.facets.get(value) ?? 0;
    if ((bits & (1 << key)) !== 0 || this.facetCount >= MAX_FACETS) return false;
    this.facets.set(value, bits | (1 << key));
    this.facetCount++;
    return true;
  }
}

function add(sum: number | null, count: number | null, sign: 1 | -1): number | null {
  if (count === null) return sum;
  const total = (sum ?? 0) + sign * count;
  // Taken back to nothing: whether a zero was reported is not worth a column.
  return sign < 0 && total === 0 ? null : total;
}

type TraceTableRow = Record<'n' | 'next_sequence' | 'revision' | 'name_start_ns' | 'name_of_root' | 'start_ns' | 'spans' | 'running' | 'errors' | 'hidden_errors' | 'llm_calls' | 'tool_calls' | 'priced' | 'unpriced' | 'origin' | 'preview_start_ns' | 'preview_of_call' | 'bytes', bigint>
  & Record<'end_ns' | 'tokens' | 'input_tokens' | 'output_tokens', bigint | null>
  & Record<'service' | 'environment' | 'session' | 'user' | 'project' | 'preview', string | null>
  & Record<'name' | 'models' | 'tags', string> & { readonly cost: number | null };

/** Entries of all states together, some 100 bytes each: one trace of a hundred thousand calls has as many. */
const MAX_SIZE = 500_000;

/** Reads and writes the states of traces; those that were used last stay in memory. */
export class TraceStates {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #known = new Map<string, TraceState>();
  readonly #limit: number;
  readonly #maxSize: number;
  #lastNumber: number | null = null;
  /** Of those that were saved, the sum of their sizes. */
  #size = 0;

  constructor(database: Database, limit = 5000, maxSize = MAX_SIZE) {
    this.#statements = prepare(database);
    this.#limit = limit;
    this.#maxSize = maxSize;
  }

  /** How many are in memory. */
  get count(): number {
    return this.#known.size;
  }

  /** Another process wrote, or a transaction failed: what is known may be wrong. */
  forget(): void {
    this.#known.clear();
    this.#size = 0;
    this.#lastNumber = null;
  }

  /** The state of a trace, made when there is none. Within a transaction only. */
  open(traceId: string, origin: BatchOrigin): TraceState {
    let state = this.#known.get(traceId);
    if (state === undefined) {
      state = this.find(traceId) ?? this.#create(traceId, origin);
      this.#known.set(traceId, state);
    }
    return state;
  }

  /** `undefined`: there is no such trace. */
  find(traceId: string): TraceState | undefined {
    const known = this.#known.get(traceId);
    if (known !== undefined) return known;
    const row = this.#statements.find.get(Buffer.from(traceId, 'hex')) as TraceTableRow | undefined;
    if (row === undefined) return undefined;
    const state = new TraceState(traceId, columnsOf(row), false, JSON.parse(row.models) as string[], JSON.parse(row.tags) as string[]);
    for (const [key, value] of this.#statements.facets.all(row.n) as [bigint, string][]) state.addFacet(Number(key), value);
    for (const id of this.#statements.awaited.all(row.n) as bigint[]) state.awaited.add(id);
    state.hasLogs = this.#hasLogs(traceId);
    return state;
  }

  #create(traceId: string, origin: BatchOrigin): TraceState {
    this.#lastNumber ??= Number(this.#statements.lastNumber.get() ?? 0);
    const n = ++this.#lastNumber;
    const state = new TraceState(traceId, {
      n, nextSequence: 0, revision: 0, name: '', nameStart: 0n, nameOfRoot: 0, start: 0n, end: null, spans: 0, running: 0, errors: 0, hiddenErrors: 0, llmCalls: 0, toolCalls: 0,
      tokens: null, inputTokens: null, outputTokens: null, cost: null, priced: 0, unpriced: 0, service: null, environment: null, session: null, user: null,
      origin: ORIGINS.indexOf(origin.kind), project: origin.project ?? null, preview: null, previewStart: 0n, previewOfCall: 0, bytes: 0,
    }, true);
    state.hasLogs = this.#hasLogs(traceId);
    return state;
  }

  #hasLogs(traceId: string): boolean {
    return this.#statements.hasLogs.get(Buffer.from(traceId, 'hex')) !== undefined;
  }

  save(state: TraceState, now: number): void {
    const c = state.columns;
    c.revision++;
    const values = [
      c.nextSequence, c.revision, c.name, c.nameStart, c.nameOfRoot, c.start, c.end, c.running > 0 || c.end === null ? null : c.end > c.start ? c.end - c.start : 0n, c.spans, c.running, c.errors, c.hiddenErrors, c.llmCalls, c.toolCalls,
      whole(c.tokens), whole(c.inputTokens), whole(c.outputTokens), c.cost, c.priced, c.unpriced, c.service, c.environment, c.session, c.user, JSON.stringify([...state.models]), JSON.stringify([...state.tags]), c.origin, c.project, c.preview, c.previewStart, c.previewOfCall, c.bytes, now,
    ];
    if (state.isNew) this.#statements.insert.run(...values, c.n, Buffer.from(state.id, 'hex'));
    else this.#statements.update.run(...values, c.n);
    state.isNew = false;
    state.isTouched = false;
    this.#size += state.size - state.savedSize;
    state.savedSize = state.size;
  }

  /** Lets go of what was not used for long. Between transactions only. */
  trim(): void {
    for (const state of this.#known.values()) {
      if (this.#known.size <= this.#limit && (this.#size <= this.#maxSize || this.#known.size === 1)) return;
      this.drop(state);
    }
  }

  /** The trace was deleted. */
  drop(state: TraceState): void {
    if (!this.#known.delete(state.id)) return;
    this.#size -= state.savedSize;
    state.savedSize = 0;
  }

  /** Marks a trace as used last. */
  touch(state: TraceState): void {
    this.#known.delete(state.id);
    this.#known.set(state.id, state);
  }
}

/** Senders may say that each span took as many tokens as a double can count: their sum is more than an integer column takes. */
function whole(sum: number | null): number | null {
  return sum === null ? null : Math.min(Math.max(sum, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function columnsOf(row: TraceTableRow): TraceColumns {
  const count = (value: bigint | null): number | null => (value === null ? null : Number(value));
  return {
    n: Number(row.n), nextSequence: Number(row.next_sequence), revision: Number(row.revision), name: row.name, nameStart: row.name_start_ns, nameOfRoot: Number(row.name_of_root),
    start: row.start_ns, end: row.end_ns, spans: Number(row.spans), running: Number(row.running), errors: Number(row.errors), hiddenErrors: Number(row.hidden_errors), llmCalls: Number(row.llm_calls), toolCalls: Number(row.tool_calls),
    tokens: count(row.tokens), inputTokens: count(row.input_tokens), outputTokens: count(row.output_tokens), cost: row.cost, priced: Number(row.priced), unpriced: Number(row.unpriced),
    service: row.service, environment: row.environment, session: row.session, user: row.user, origin: Number(row.origin), project: row.project, preview: row.preview, previewStart: row.preview_start_ns, previewOfCall: Number(row.preview_of_call), bytes: Number(row.bytes),
  };
}

function prepare(database: Database) {
  const columns = [
    'next_sequence', 'revision', 'name', 'name_start_ns', 'name_of_root', 'start_ns', 'end_ns', 'duration_ns', 'spans', 'running', 'errors', 'hidden_errors', 'llm_calls', 'tool_calls',
    'tokens', 'input_tokens', 'output_tokens', 'cost', 'priced', 'unpriced', 'service', 'environment', 'session', 'user', 'models', 'tags', 'origin', 'project', 'preview', 'preview_start_ns', 'preview_of_call', 'bytes', 'updated_at',
  ];
  return {
    find: database.prepare(`SELECT n, ${columns.join(', ')} FROM trace WHERE id = ?`).safeIntegers(),
    insert: database.prepare(`INSERT INTO trace (${columns.join(', ')}, n, id) VALUES (${columns.map(() => '?').join(', ')}, ?, ?)`),
    update: database.prepare(`UPDATE trace SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE n = ?`),
    lastNumber: database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'trace'").pluck(),
    facets: database.prepare('SELECT f.key, t.text FROM trace_facet f JOIN trace_text t ON t.n = f.value WHERE f.trace = ?').raw().safeIntegers(),
    awaited: database.prepare('SELECT id FROM span_awaited WHERE trace = ?').pluck().safeIntegers(),
    hasLogs: database.prepare('SELECT 1 FROM trace_log WHERE trace_id = ? LIMIT 1').pluck(),
  };
}
