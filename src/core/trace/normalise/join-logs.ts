import type { AnyValue, KeyValue, RawLog, RawSpan } from '../model.ts';
import { compareNanos } from '../time.ts';
import { logName } from './span-view.ts';

/** Attributes that name a call or tool use on both sides (Claude Code, Codex): a log without a span id is joined by them. */
const SHARED_IDS = ['request_id', 'tool_use_id', 'call_id', 'gen_ai.response.id'];
/** A log record of a request is written when its answer is there, within a moment of the span's end. */
const AFTER_END_NS = 2_000_000_000n;
const TIMED = new Map([['claude_code.api_request', 'claude_code.llm_request'], ['claude_code.api_error', 'claude_code.llm_request'], ['claude_code.user_prompt', 'claude_code.interaction']]);

/** So many requests of one session may run at once and still be told apart by time. */
const MAX_AT_ONCE = 100;

/**
 * Which log records belong to which span: by the span's id, else by an id that both name, else (Claude Code without request ids)
 * by session and time. What belongs to no span is left out; it is no less kept. The spans may be of several traces.
 */
export function joinLogs(spans: readonly RawSpan[], logs: readonly RawLog[]): Map<RawSpan, RawLog[]> {
  const joined = new Map<RawSpan, RawLog[]>();
  if (logs.length === 0) return joined;
  const index = new SpanIndex(spans);
  for (const log of logs) {
    const span = index.named(log) ?? index.shared(log) ?? index.timed(log);
    if (!span) continue;
    const list = joined.get(span);
    if (list) list.push(log);
    else joined.set(span, [log]);
  }
  return joined;
}

class SpanIndex {
  readonly #byId: ReadonlyMap<string, RawSpan>;
  readonly #byShared = new Map<string, RawSpan>();
  /** Those that records are joined to by time, in the order of their start, by name and session. */
  readonly #byTime = new Map<string, RawSpan[]>();

  constructor(spans: readonly RawSpan[]) {
    this.#byId = new Map(spans.map((span) => [`${span.traceId}${span.spanId}`, span]));
    for (const span of spans) {
      for (const key of SHARED_IDS) {
        const id = textOf(span.attributes, key);
        // The span of the tool, not the steps below it, which repeat its id
        if (id !== null && !this.#byShared.has(`${key}\n${id}`)) this.#byShared.set(`${key}\n${id}`, span);
      }
      const session = TIMED_SPANS.has(span.name) ? textOf(span.attributes, 'session.id') : null;
      if (session === null) continue;
      const list = this.#byTime.get(`${span.name}\n${session}`);
      if (list) list.push(span);
      else this.#byTime.set(`${span.name}\n${session}`, [span]);
    }
    for (const list of this.#byTime.values()) list.sort((a, b) => compareNanos(a.startTimeUnixNano, b.startTimeUnixNano));
  }

  named(log: RawLog): RawSpan | undefined {
    return log.traceId !== null && log.spanId !== null ? this.#byId.get(`${log.traceId}${log.spanId}`) : undefined;
  }

  shared(log: RawLog): RawSpan | undefined {
    for (const key of SHARED_IDS) {
      const id = textOf(log.attributes, key);
      const span = id === null ? undefined : this.#byShared.get(`${key}\n${id}`);
      if (span && isOfTrace(span, log)) return span;
    }
    return undefined;
  }

  /** The span that began last before the record, and was not over for long. */
  timed(log: RawLog): RawSpan | undefined {
    const spanName = TIMED.get(logName(log));
    const session = textOf(log.attributes, 'session.id');
    const spans = spanName === undefined || session === null ? undefined : this.#byTime.get(`${spanName}\n${session}`);
    if (!spans) return undefined;
    const time = log.timeUnixNano === '0' ? log.observedTimeUnixNano : log.timeUnixNano;
    const model = textOf(log.attributes, 'model');
    const begun = countBegun(spans, time);
    return spans.slice(Math.max(0, begun - MAX_AT_ONCE), begun).findLast((span) => isOfTrace(span, log)
      && (model === null || [null, model].includes(textOf(span.attributes, 'model')))
      && (span.endTimeUnixNano === null || BigInt(time) - BigInt(span.endTimeUnixNano) <= AFTER_END_NS));
  }
}

const TIMED_SPANS: ReadonlySet<string> = new Set(TIMED.values());

function isOfTrace(span: RawSpan, log: RawLog): boolean {
  return log.traceId === null || log.traceId === span.traceId;
}

/** How many of the spans, which are in the order of their start, began by the time. */
function countBegun(spans: readonly RawSpan[], time: string): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareNanos(spans[middle]!.startTimeUnixNano, time) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function textOf(attributes: readonly KeyValue[], key: string): string | null {
  const value: AnyValue | undefined = attributes.find((attribute) => attribute.key === key)?.value;
  return value !== undefined && 'stringValue' in value && value.stringValue !== '' ? value.stringValue : null;
}
