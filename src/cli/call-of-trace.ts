import { TouchstoneError } from '../core/errors.ts';
import type { EngineClient } from '../protocol/engine.ts';
import type { SpanRef } from '../protocol/spans.ts';
import { usageError } from './exit.ts';

/**
 * The call of a model that a command line means.
 * @param wanted a trace's id or the beginning of one
 * @param span absent: the only call of the trace
 * @throws TouchstoneError 'not-found' | 'usage' with the calls to choose from
 */
export async function callOfTrace(engine: EngineClient, wanted: string, span: string | undefined): Promise<SpanRef> {
  const { traceId } = await engine.request('traces/get', { traceId: wanted.toLowerCase() });
  if (span !== undefined) return { traceId, spanId: span.toLowerCase() };
  const { spans } = JSON.parse((await engine.request('traces/export', { traceId, format: 'json' })).text) as { spans: { spanId: string; kind: string; name: string }[] };
  const calls = spans.filter(({ kind }) => kind === 'llm');
  const [only] = calls;
  if (only === undefined) throw new TouchstoneError('not-found', 'No model was called in this trace.');
  if (calls.length > 1) throw usageError(`The trace has ${calls.length} calls of a model. Name one with --span: ${calls.slice(0, 5).map(({ spanId, name }) => `${spanId} (${name})`).join(', ')}${calls.length > 5 ? ', …' : ''}`);
  return { traceId, spanId: only.spanId };
}
