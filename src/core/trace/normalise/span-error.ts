import type { SpanError } from '../model.ts';
import { textOf, type SpanView } from './span-view.ts';

/** What went wrong as OTel says it: an exception event, `error.type`, the status. `null`: nothing did. */
export function errorOf(view: SpanView): { error: SpanError; from: string[] } | null {
  const failed = view.span.status.code === 2;
  const exception = view.events.findLast((event) => event.name === 'exception' || event.name === 'gen_ai.client.operation.exception');
  const type = textOf(exception?.attributes['exception.type']) ?? view.text('error.type') ?? view.text('exception.type');
  // An exception that was recorded and handled leaves the status as it is.
  if (!failed && !view.has('error.type')) return null;
  const message = textOf(exception?.attributes['exception.message']) ?? view.text('exception.message') ?? view.text('error.message') ?? (view.span.status.message === '' ? null : view.span.status.message);
  const from = [exception?.source, view.has('error.type') ? 'error.type' : undefined, failed ? 'status' : undefined].filter((source) => source !== undefined);
  return { error: { type, message, stack: textOf(exception?.attributes['exception.stacktrace']) ?? view.text('exception.stacktrace') }, from };
}
