import { TouchstoneError } from '../../../core/errors.ts';
import type { PriceOverrides } from '../../../core/model/prices.ts';
import { completionsFor, placeAt } from '../../../core/trace/query/complete.ts';
import { FIELDS } from '../../../core/trace/query/model.ts';
import { FACETS, type Facet } from '../../../core/trace/store/facets.ts';
import type { TraceSkeleton } from '../../../core/trace/skeleton.ts';
import type { QueryCompletion } from '../../../protocol/traces.ts';
import type { Database } from '../../sqlite/database.ts';
import type { Store } from './conditions.ts';
import { TextMatches, type TextMatchesOptions } from './full-text.ts';
import { listSessions, listTraces, numbersOf } from './list.ts';
import type { ReadContext, ReadMethod, ReadMethods } from './methods.ts';
import { traceById, tracesByNumber } from './rows.ts';
import { storedRejection, storedSources } from './sources.ts';
import { facetValues } from './texts.ts';
import { breakdownOf } from './breakdown.ts';
import { codeSpansOf } from './code-spans.ts';
import { detailOf, wholeValue } from './detail.ts';
import { exportTrace } from './export.ts';
import { findInTrace } from './find.ts';
import { FindingsJob } from './findings-job.ts';
import { memoryOf } from './memory.ts';
import { copyOfSkeleton, OpenTraces, WHOLE_SPANS, type OpenTrace } from './open-traces.ts';

type Handlers = { readonly [M in ReadMethod]: (params: ReadMethods[M][0], context: ReadContext) => ReadMethods[M][1] | Promise<ReadMethods[M][1]> };

/** Enough for several pages of a word that many traces hold. */
const WINDOW = 1000;
/** So many seeks take less than a walk over the places of a word in a store of a million spans. */
const ASKED = 600;

/** Everything that is read of traces, on one connection. */
export class TraceReader {
  readonly #database: Database;
  readonly #store: Store;
  readonly #open: OpenTraces;
  #job: { readonly trace: OpenTrace; readonly job: FindingsJob } | null = null;

  /** `wholeSpans`: traces of no more spans are normalised as a whole. `window`: among so many traces words are looked for first. `asked`: so many are looked at one by one. `text`: how words are looked for. */
  constructor(database: Database, { wholeSpans = WHOLE_SPANS, window = WINDOW, asked = ASKED, text }: { readonly wholeSpans?: number; readonly window?: number; readonly asked?: number; readonly text?: TextMatchesOptions } = {}) {
    this.#database = database;
    this.#store = { database, matches: new TextMatches(database, text), window, asked };
    this.#open = new OpenTraces(database, wholeSpans);
  }

  /** The params are of the method: whoever asks from outside has decoded them. */
  async read<M extends ReadMethod>(method: M, params: ReadMethods[M][0], context: ReadContext): Promise<ReadMethods[M][1]> {
    if (!Object.hasOwn(this.#handlers, method)) throw new TouchstoneError('invalid-message', `There is no read ${method}.`);
    return this.#handlers[method](params, context);
  }

  /** What of an answer is handed over instead of copied: skeletons are copies already. */
  buffersOf(result: unknown): ArrayBuffer[] {
    if (typeof result !== 'object' || result === null || !('spanIds' in result && 'totalCosts' in result)) return [];
    return Object.values(result as TraceSkeleton).flatMap((member: unknown) => (ArrayBuffer.isView(member) && member.buffer instanceof ArrayBuffer ? [member.buffer] : []));
  }

  #complete(query: string, position: number): QueryCompletion[] {
    const place = placeAt(query, position);
    if (place === null) return [];
    const isFacet = place.type === 'value' && FIELDS[place.field].type === 'text' && (FACETS as readonly string[]).includes(place.field);
    return completionsFor(place, isFacet ? facetValues(this.#database, place.field as Facet, place.typed) : []);
  }

  readonly #handlers: Handlers = {
    'traces/list': (request) => listTraces(this.#store, request),
    'traces/sessions': (request) => listSessions(this.#store, request),
    'traces/complete': ({ query, position }) => ({ items: this.#complete(query, position) }),
    'traces/get': ({ traceId }) => traceById(this.#database, traceId).row,
    ids: ({ query, limit, before }) => {
      const numbers = numbersOf(this.#store, query, limit, before);
      return { traceIds: tracesByNumber(this.#database, numbers).map(({ row }) => row.traceId), next: numbers.length < limit ? null : numbers.at(-1)! };
    },
    sources: () => storedSources(this.#database),
    'sources/rejection': ({ id }) => storedRejection(this.#database, id),
    'traces/skeleton': ({ traceId, knownRevision }) => (knownRevision !== undefined && this.#open.revisionOf(traceId) === knownRevision ? null : copyOfSkeleton(this.#open.open(traceId).skeleton)),
    'traces/span': ({ traceId, spanId }, { prices }) => detailOf(this.#open.open(traceId), spanId, prices),
    'traces/value': ({ traceId, spanId, pointer }, { prices }) => ({ value: wholeValue(this.#open.open(traceId), spanId, pointer, prices) }),
    'traces/find': ({ traceId, text, limit }) => findInTrace(this.#store, this.#open.open(traceId), text, limit),
    'traces/findings': ({ traceId }, { prices }) => this.#findings(this.#open.open(traceId), prices).state(),
    'traces/breakdown': ({ traceId }) => breakdownOf(this.#open.open(traceId)),
    'traces/memory': ({ session }, { prices }) => memoryOf(this.#database, session, prices),
    code: ({ traceId }, { prices }) => codeSpansOf(this.#open.open(traceId), prices),
    text: (request, { prices }) => {
      const trace = this.#open.open(request.traceId);
      return exportTrace(trace, request, prices, async () => (await new FindingsJob(this.#database, trace, prices).all()).findings);
    },
  };

  /**
   * One trace is looked through at a time: the one that was asked for last. While it grows, a look that has begun is ended before the next
   * one begins, else none would ever end.
   */
  #findings(trace: OpenTrace, prices: PriceOverrides): FindingsJob {
    const last = this.#job;
    if (last?.trace === trace) {
      // It tells why once; who asks again has it tried again.
      if (last.job.hasFailed) this.#job = null;
      return last.job;
    }
    const isSame = last?.trace.stored.n === trace.stored.n;
    if (last !== null && isSame && !last.job.isDone) return last.job;
    last?.job.stop();
    const job = new FindingsJob(this.#database, trace, prices, last !== null && isSame && !last.job.hasFailed ? last.job.state().findings : []);
    this.#job = { trace, job };
    return job;
  }
}
