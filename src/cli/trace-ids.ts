import { TouchstoneError } from '../core/errors.ts';
import { SPAN_KINDS } from '../core/trace/skeleton.ts';
import { SpanPositions } from '../core/trace/view/span-ids.ts';
import type { EngineClient } from '../protocol/engine.ts';
import { usageError } from './exit.ts';

/** What a command line needs to know of a span to find it. */
export interface ListedSpan {
  readonly spanId: string;
  readonly kind: string;
  readonly name: string;
  /** NaN: not known. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const SPAN_DIGITS = 16;

/**
 * The whole id of a trace of the store.
 * @param wanted an id, the beginning of one, or `latest`
 * @throws TouchstoneError 'not-found'; 'usage' when several begin so
 */
export async function traceIdOf(engine: EngineClient, wanted: string): Promise<string> {
  if (wanted !== 'latest') return (await engine.request('traces/get', { traceId: wanted.toLowerCase() })).traceId;
  const { traces: [newest] } = await engine.request('traces/list', { query: '', sort: 'time', descending: true, limit: 1 });
  if (newest === undefined) throw new TouchstoneError('not-found', 'This workspace has no traces yet. `touchstone serve` receives them, `touchstone import FILE…` reads them from files.');
  return newest.traceId;
}

/**
 * The whole id of a span. Only for the beginning of one is the trace read; whether a whole one exists is the reader's to say.
 * @throws TouchstoneError 'not-found'; 'usage' when several begin so
 */
export async function spanIdOf(engine: EngineClient, traceId: string, wanted: string): Promise<string> {
  const id = wanted.toLowerCase();
  if (id.length >= SPAN_DIGITS || !/^[0-9a-f]+$/.test(id)) return id;
  const [found, ...others] = (await spansOf(engine, traceId)).filter(({ spanId }) => spanId.startsWith(id));
  if (others.length > 0) throw usageError(`${others.length + 1} spans of trace ${traceId} begin with ${id}. Give more digits.`);
  return found?.spanId ?? id;
}

export async function spansOf(engine: EngineClient, traceId: string): Promise<readonly ListedSpan[]> {
  const skeleton = await engine.request('traces/skeleton', { traceId });
  if (skeleton === null) return [];
  const ids = new SpanPositions(skeleton);
  return Array.from({ length: skeleton.count }, (_, at) => ({
    spanId: ids.id(at),
    kind: SPAN_KINDS[skeleton.kinds[at] ?? -1] ?? 'other',
    name: skeleton.texts[skeleton.names[at] ?? -1] ?? '',
    inputTokens: skeleton.inputTokens[at] ?? Number.NaN,
    outputTokens: skeleton.outputTokens[at] ?? Number.NaN,
  }));
}
