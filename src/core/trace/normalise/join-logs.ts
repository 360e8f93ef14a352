import type { AnyValue, KeyValue, RawLog, RawSpan } from '../model.ts';
import { compareNanos } from '../time.ts';
import { logName } from './span-view.ts';

/** Attributes that name a call or tool use on both sides (Claude Code, Codex): a log without a span id is joined by them. */
const SHARED_IDS = ['request_id', 'tool_use_id', 'call_id', 'gen_ai.response.id'];
/** A log record of a request is written when its answer is there, within a moment of the span's end. */
const AFTER_END_NS = 2_000_000_000n;
const TIMED = new Map([['claude_code.api_request', 'claude_code.llm_request'], ['claude_code.api_error', 'claude_code.llm_request'], ['claude_code.user_prompt', 'claude_code.interaction']]);

/**
 * Which log records belong to which span: by the span's id, else by an id that both name, else (Claude Code without request ids)
 * by session and time. What belongs to no span is left out; it is no less kept.
 */
export function joinLogs(spans: readonly RawSpan[], logs: readonly RawLog[]): Map<RawSpan, RawLog[]> {
  const joined = new Map<RawSpan, RawLog[]>();
  if (logs.length === 0) return joined;
  const byId = new Map(spans.map((span) => [`${span.traceId}${span.spanId}`, span]));
  const byShared = new Map<string, RawSpan>();
  for (const span of spans) {
    for (const key of SHARED_IDS) {
      const id = textOf(span.attributes, key);
      // The span of the tool, not the steps below it, which repeat its id
      if (id !== null && !byShared.has(`${key}\n${id}`)) byShared.set(`${key}\n${id}`, span);
    }
  }
  for (const log of logs) {
    const span = (log.traceId !== null && log.spanId !== null ? byId.get(`${log.traceId}${log.spanId}`) : undefined) ?? sharedSpan(log, byShared) ?? timedSpan(log, spans);
    if (!span) continue;
    const list = joined.get(span);
    if (list) list.push(log);
    else joined.set(span, [log]);
  }
  return joined;
}

function sharedSpan(log: RawLog, byShared: ReadonlyMap<string, RawSpan>): RawSpan | undefined {
  for (const key of SHARED_IDS) {
    const id = textOf(log.attributes, key);
    const span = id === null ? undefined : byShared.get(`${key}\n${id}`);
    if (span) return span;
  }
  return undefined;
}

function timedSpan(log: RawLog, spans: readonly RawSpan[]): RawSpan | undefined {
  const spanName = TIMED.get(logName(log));
  const session = textOf(log.attributes, 'session.id');
  if (spanName === undefined || session === null) return undefined;
  const time = log.timeUnixNano === '0' ? log.observedTimeUnixNano : log.timeUnixNano;
  const model = textOf(log.attributes, 'model');
  const candidates = spans.filter((span) => span.name === spanName && textOf(span.attributes, 'session.id') === session
    && (model === null || [null, model].includes(textOf(span.attributes, 'model'))) && compareNanos(span.startTimeUnixNano, time) <= 0
    && (span.endTimeUnixNano === null || BigInt(time) - BigInt(span.endTimeUnixNano) <= AFTER_END_NS));
  return candidates.sort((a, b) => compareNanos(b.startTimeUnixNano, a.startTimeUnixNano))[0];
}

function textOf(attributes: readonly KeyValue[], key: string): string | null {
  const value: AnyValue | undefined = attributes.find((attribute) => attribute.key === key)?.value;
  return value !== undefined && 'stringValue' in value && value.stringValue !== '' ? value.stringValue : null;
}
