import { TouchstoneError } from '../core/errors.ts';
import { formatCount } from '../core/text/format.ts';
import { visible } from '../core/trace/text/tree-lines.ts';
import type { EngineClient } from '../protocol/engine.ts';
import type { SpanRef } from '../protocol/spans.ts';
import { usageError } from './exit.ts';
import { spanIdOf, spansOf, traceIdOf, type ListedSpan } from './trace-ids.ts';

/** How many calls an error lists. */
const LISTED = 10;

/**
 * The call of a model that a command line means.
 * @param wanted a trace's id, the beginning of one, or `latest`
 * @param span an id or the beginning of one; absent: the only call of the trace
 * @throws TouchstoneError 'not-found' | 'usage' with the calls to choose from
 */
export async function callOfTrace(engine: EngineClient, wanted: string, span: string | undefined): Promise<SpanRef> {
  const traceId = await traceIdOf(engine, wanted);
  if (span !== undefined) return { traceId, spanId: await spanIdOf(engine, traceId, span) };
  const calls = (await spansOf(engine, traceId)).filter(({ kind }) => kind === 'llm');
  const [only] = calls;
  if (only === undefined) throw new TouchstoneError('not-found', 'No model was called in this trace.');
  if (calls.length > 1) throw usageError(`The trace has ${calls.length} calls of a model. Name one with --span:\n${calls.slice(0, LISTED).map(describe).join('\n')}${calls.length > LISTED ? '\n  …' : ''}`);
  return { traceId, spanId: only.spanId };
}

/** As `touchstone trace` shows it: calls of one model are told apart by their tokens. */
function describe({ spanId, name, inputTokens, outputTokens }: ListedSpan): string {
  return `  ${spanId}  ${visible(name)}${Number.isNaN(inputTokens) || Number.isNaN(outputTokens) ? '' : `  ${formatCount(inputTokens)} → ${formatCount(outputTokens)} tokens`}`;
}
