import type { KeyValue, RawSpan, Resource, Scope } from '../../src/core/trace/model.ts';
import { createTraceSink } from '../../src/node/traces/sink.ts';

/** Spans by rule, so that every run measures the same: agents that plan, call tools and answer, in several services. */

const NANOS = 1_790_000_000_000_000_000n;
const BATCH = 512;
const UNDER_WAY = 8;
const MODELS = ['gpt-5', 'gpt-5-mini', 'claude-sonnet-4-5', 'gemini-2.5-pro'];
const TOOLS = ['lookup_order', 'refund', 'search_docs', 'translate', 'fetch_page'];
const WORDS = 'the order was delivered late and the customer asks for a refund of the shipping because nobody called before the parcel came back to the depot with a damaged label'.split(' ');
const SCOPE: Scope = { name: 'bench', version: '1', attributes: [], droppedAttributesCount: 0, schemaUrl: '' };

const RESOURCES: readonly Resource[] = ['shop-bot', 'support-bot', 'billing'].map((service) => ({
  attributes: [text('service.name', service), text('deployment.environment.name', service === 'billing' ? 'staging' : 'production')],
  droppedAttributesCount: 0,
  schemaUrl: '',
}));

function text(key: string, value: string): KeyValue {
  return { key, value: { stringValue: value } };
}

function count(key: string, value: number): KeyValue {
  return { key, value: { intValue: String(value) } };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** Mixes a number: neighbours have nothing in common. */
function mixed(value: number): number {
  const a = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return (b ^ (b >>> 16)) >>> 0;
}

/** About 60 words that differ from span to span; every 997th span names a case that is looked for. */
function speech(seed: number): string {
  const words = Array.from({ length: 60 }, (_, index) => WORDS[mixed(seed * 64 + index) % WORDS.length]!);
  if (seed % 997 === 0) words[30] = `case${seed % 9973}`;
  return words.join(' ');
}

export function traceIdOf(trace: number): string {
  return hex(mixed(trace), 8) + hex(mixed(trace + 1), 8) + hex(trace, 16);
}

/** The spans of one trace, parents before children, in batches. */
export function* spansOf(trace: number, spans: number): Generator<RawSpan[]> {
  const traceId = traceIdOf(trace);
  const start = NANOS + BigInt(trace) * 60_000_000_000n;
  const resource = RESOURCES[trace % RESOURCES.length]!;
  let batch: RawSpan[] = [];
  for (let index = 0; index < spans; index++) {
    batch.push(spanOf({ traceId, start, resource, trace, index }));
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function spanOf({ traceId, start, resource, trace, index }: { traceId: string; start: bigint; resource: Resource; trace: number; index: number }): RawSpan {
  const seed = trace * 31 + index;
  const kind = index === 0 || index % 50 === 1 ? 'agent' : index % 3 === 2 ? 'tool' : 'llm';
  const tool = TOOLS[mixed(seed) % TOOLS.length]!;
  const model = MODELS[mixed(seed) % MODELS.length]!;
  const failed = kind === 'tool' && mixed(seed + 7) % 40 === 0;
  // Below the agent of its fifty, agents below the root
  const parent = index === 0 ? null : index % 50 === 1 ? 0 : Math.max(0, index - ((index - 1) % 50));
  const began = start + BigInt(index) * 1_000_000n;
  const shared = { session: `session-${Math.floor(trace / 4)}`, user: `user-${trace % 500}` };
  const attributes = kind === 'agent'
    ? [text('gen_ai.operation.name', 'invoke_agent'), text('gen_ai.agent.name', 'refund_agent'), text('session.id', shared.session), text('user.id', shared.user)]
    : kind === 'tool'
      ? [text('gen_ai.operation.name', 'execute_tool'), text('gen_ai.tool.name', tool), text('gen_ai.tool.call.arguments', JSON.stringify({ order: seed })), text('gen_ai.tool.call.result', speech(seed))]
      : [text('gen_ai.operation.name', 'chat'), text('gen_ai.request.model', model), count('gen_ai.usage.input_tokens', 200 + (seed % 800)), count('gen_ai.usage.output_tokens', seed % 200),
        text('gen_ai.input.messages', JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: speech(seed) }] }])), text('gen_ai.output.messages', JSON.stringify([{ role: 'assistant', parts: [{ type: 'text', content: speech(seed + 1) }], finish_reason: 'stop' }]))];
  return {
    traceId,
    spanId: hex(mixed(seed + 1), 8) + hex(index + 1, 8),
    parentSpanId: parent === null ? null : hex(mixed(trace * 31 + parent + 1), 8) + hex(parent + 1, 8),
    traceState: '', flags: 257,
    name: kind === 'agent' ? 'invoke_agent refund_agent' : kind === 'tool' ? `execute_tool ${tool}` : `chat ${model}`,
    kind: kind === 'llm' ? 3 : 1,
    startTimeUnixNano: began.toString(),
    endTimeUnixNano: (began + (kind === 'agent' ? 40_000_000n : BigInt(1 + (mixed(seed) % 900)) * 1_000_000n)).toString(),
    attributes, droppedAttributesCount: 0, events: [], droppedEventsCount: 0, links: [], droppedLinksCount: 0,
    status: failed ? { code: 2, message: mixed(seed) % 3 === 0 ? 'HTTP 429: too many requests' : 'connection reset by peer' } : { code: 0, message: '' },
    resource, scope: SCOPE,
  };
}

/** Fills the store of a folder through the sink, as a receiver does. `sizes`: spans of each trace, numbered from `from` on. */
export async function fillStore(folder: string, sizes: Iterable<number>, from = 0): Promise<void> {
  const sink = createTraceSink({ folder, retention: { days: 0, maxBytes: 0 } });
  const underWay = new Set<Promise<unknown>>();
  let waiting: RawSpan[] = [];
  const send = async (): Promise<void> => {
    const batch = sink.ingest({ spans: waiting, logs: [], rejected: [], origin: { kind: 'received', place: '/v1/traces' } });
    waiting = [];
    const done: Promise<unknown> = batch.finally(() => underWay.delete(done));
    underWay.add(done);
    if (underWay.size >= UNDER_WAY) await Promise.race(underWay);
  };
  let trace = from;
  for (const spans of sizes) {
    for (const batch of spansOf(trace++, spans)) {
      waiting.push(...batch);
      if (waiting.length >= BATCH) await send();
    }
  }
  if (waiting.length > 0) await send();
  await Promise.all(underWay);
  await sink.settled();
  await sink.close();
}
