import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PriceOverrides } from '../../../core/model/prices.ts';
import type { Finding } from '../../../core/trace/findings/finding.ts';
import { failureFindings, hiddenErrorFinding, MergedFindings, type Failure } from '../../../core/trace/findings/failures.ts';
import { findIn, findInPiece, worstFirst } from '../../../core/trace/findings/find.ts';
import { normaliseMerged } from '../../../core/trace/normalise/normalise-trace.ts';
import { SPAN_FLAGS, SPAN_KINDS } from '../../../core/trace/skeleton.ts';
import type { FindingsState } from '../../../protocol/traces.ts';
import type { Database } from '../../sqlite/database.ts';
import type { OpenTrace } from './open-traces.ts';

const AGENT = SPAN_KINDS.indexOf('agent');
const TOOL = SPAN_KINDS.indexOf('tool');
const EVALUATOR = SPAN_KINDS.indexOf('evaluator');
/** The rules that read bodies look at these. */
const SPOKEN = new Set([SPAN_KINDS.indexOf('llm'), TOOL]);
/** Spans that are read between two turns: so long waits who asks for a span meanwhile (a few milliseconds each hundred). */
const PIECE = 150;
/** Rows of failures between two turns. */
const ROWS = 2000;
const LONGEST_LIST = 500;

/**
 * What stands out in a trace. A small one is told at once; a large one is looked through in pieces between other reads: what failed
 * first, from the narrow rows, then each agent's own calls, from their bodies.
 */
export class FindingsJob {
  readonly #trace: OpenTrace;
  readonly #database: Database;
  readonly #prices: PriceOverrides;
  readonly #before: readonly Finding[];
  #failures: Finding[] = [];
  readonly #merged = new MergedFindings();
  #examined = 0;
  #running: Promise<void> | null = null;
  #stopped = false;
  #failure: { readonly error: unknown } | null = null;

  /** `before`: what was found in an earlier version of the trace, shown until there is as much of this one. */
  constructor(database: Database, trace: OpenTrace, prices: PriceOverrides, before: readonly Finding[] = []) {
    this.#before = before;
    this.#database = database;
    this.#trace = trace;
    this.#prices = prices;
    const whole = trace.whole(prices);
    if (whole !== null) {
      this.#failures = findIn(whole);
      this.#examined = trace.skeleton.count;
    }
  }

  /** How far it is; the first question begins the work. @throws what ended the work: the next job tries again */
  state(): FindingsState {
    void this.#start();
    if (this.#failure !== null) throw this.#failure.error;
    const found = worstFirst([...this.#failures, ...this.#merged.list()]).slice(0, LONGEST_LIST);
    return { findings: !this.isDone && this.#before.length > found.length ? this.#before : found, examined: this.#examined, total: this.#trace.skeleton.count };
  }

  /** It has come to its end, or cannot. */
  get isDone(): boolean {
    return this.#failure !== null || this.#examined === this.#trace.skeleton.count;
  }

  /** Everything that there is to find. */
  async all(): Promise<FindingsState> {
    await this.#start();
    return this.state();
  }

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  stop(): void {
    this.#stopped = true;
  }

  #start(): Promise<void> {
    // Nobody may wait for it: what goes wrong is told to who asks next, and must not end the thread.
    this.#running ??= this.isDone ? Promise.resolve() : this.#work().catch((error: unknown) => void (this.#failure = { error }));
    return this.#running;
  }

  async #work(): Promise<void> {
    this.#failures = await this.#findFailures();
    let sinceTurn = PIECE;
    for (const positions of piecesOf(this.#trace)) {
      if (sinceTurn >= PIECE) {
        await nextTurn();
        sinceTurn = 0;
      }
      if (this.#stopped) return;
      this.#merged.add(this.#examine(positions));
      sinceTurn += positions.length;
      this.#examined = Math.min(this.#trace.skeleton.count, this.#examined + positions.length);
    }
    this.#examined = this.#trace.skeleton.count;
  }

  async #findFailures(): Promise<Finding[]> {
    const { skeleton, numbers } = this.#trace;
    const passedUp = new Uint8Array(skeleton.count);
    for (let at = 0; at < skeleton.count; at++) if (skeleton.flags[at]! & SPAN_FLAGS.error && skeleton.parents[at]! >= 0) passedUp[skeleton.parents[at]!] = 1;
    const errorOf = this.#database.prepare('SELECT t.text FROM span s JOIN trace_text t ON t.n = s.error WHERE s.n = ?').pluck();
    const failures: Failure[] = [];
    const hidden: Finding[] = [];
    let read = 0;
    for (let at = 0; at < skeleton.count; at++) {
      const flags = skeleton.flags[at]!;
      const failed = (flags & SPAN_FLAGS.error) !== 0 && passedUp[at] === 0;
      if (!failed && (flags & SPAN_FLAGS.hiddenError) === 0) continue;
      if (++read % ROWS === 0) {
        await nextTurn();
        if (this.#stopped) return [];
      }
      const error = (errorOf.get(numbers[at]!) as string | undefined) ?? null;
      const failure: Failure = { spanId: this.#trace.idAt(at), name: this.#trace.nameAt(at), isTool: skeleton.kinds[at] === TOOL, error };
      if (failed) failures.push(failure);
      else hidden.push(hiddenErrorFinding(skeleton.kinds[at] === EVALUATOR, failure.name, error ?? '', failure.spanId));
    }
    return [...failureFindings(failures), ...new MergedFindings().add(hidden).list()];
  }

  #examine(positions: readonly number[]): Finding[] {
    const spans = positions.flatMap((at) => this.#trace.raw.at(this.#trace.numbers[at]!) ?? []);
    return findInPiece(normaliseMerged(spans, [], { prices: this.#prices }));
  }
}

/** What each agent called itself, in the order of time, cut where it is long. Spans below no agent are together. */
function* piecesOf({ skeleton }: OpenTrace): Generator<number[]> {
  const owners = new Int32Array(skeleton.count).fill(-1);
  const groups = new Map<number, number[]>();
  for (let at = 0; at < skeleton.count; at++) {
    const parent = skeleton.parents[at]!;
    const owner = parent < 0 ? -1 : skeleton.kinds[parent] === AGENT ? parent : owners[parent]!;
    owners[at] = owner;
    if (!SPOKEN.has(skeleton.kinds[at]!)) continue;
    const group = groups.get(owner);
    if (group) group.push(at);
    else groups.set(owner, [at]);
  }
  for (const group of groups.values()) {
    group.sort((a, b) => skeleton.starts[a]! - skeleton.starts[b]!);
    for (let from = 0; from < group.length; from += PIECE) yield group.slice(from, from + PIECE);
  }
}
