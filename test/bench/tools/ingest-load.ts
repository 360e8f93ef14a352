import { Agent, request } from 'node:http';
import { encodeSpans } from '../../../src/core/trace/otlp-encode.ts';
import type { KeyValue, RawSpan, Resource, Scope } from '../../../src/core/trace/model.ts';
import { encodeMessage } from '../../unit/trace/otlp-messages.ts';

/** What is sent in the ingest benchmark: spans of 1.2 KB as JSON, by rule, so that every contender gets the same. */

export const SPANS_OF_BATCH = 512;
/** Exporters of as many programs. */
const SENDERS = 4;
const NANOS = 1_790_000_000_000_000_000n;
const SCOPE: Scope = { name: 'bench', version: '1', attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
const RESOURCE: Resource = { attributes: [text('service.name', 'shop-bot')], droppedAttributesCount: 0, schemaUrl: '' };
/** As in prose: few words are frequent, most are rare. */
const VOCABULARY = 5000;

function text(key: string, value: string): KeyValue {
  return { key, value: { stringValue: value } };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function mixed(value: number): number {
  const a = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return (b ^ (b >>> 16)) >>> 0;
}

function speech(seed: number, words: number): string {
  return Array.from({ length: words }, (_, index) => {
    const share = (mixed(seed * 64 + index) / 2 ** 32) * (mixed(seed * 64 + index + 31) / 2 ** 32);
    return mixed(Math.floor(share * VOCABULARY) + 7).toString(36).slice(0, 2 + (Math.floor(share * VOCABULARY) % 7));
  }).join(' ');
}

/** A word that only the span of this number says. */
export function uniqueWord(span: number): string {
  return `needle${span}`;
}

function spanOf(number: number, spansOfTrace: number): RawSpan {
  const trace = Math.floor(number / spansOfTrace);
  const index = number % spansOfTrace;
  const start = NANOS + BigInt(number) * 1_000_000n;
  // Ids are random in life: neighbours have nothing in common.
  const idOf = (at: number): string => hex(mixed(at * 2 + 1), 8) + hex(at, 8);
  const message = (role: string, seed: number, words: number): string => JSON.stringify([{ role, parts: [{ type: 'text', content: `${uniqueWord(number)} ${speech(seed, words)}` }] }]);
  return {
    traceId: hex(mixed(trace), 8) + hex(mixed(trace + 1), 8) + hex(spansOfTrace, 8) + hex(trace, 8), spanId: idOf(number), parentSpanId: index === 0 ? null : idOf(number - index),
    traceState: '', flags: 257, name: index === 0 ? 'invoke_agent shop' : 'chat gpt-5-mini', kind: 3, startTimeUnixNano: start.toString(), endTimeUnixNano: (start + 900_000n).toString(),
    attributes: [
      text('gen_ai.operation.name', index === 0 ? 'invoke_agent' : 'chat'), text('gen_ai.provider.name', 'openai'), text('gen_ai.request.model', 'gpt-5-mini'),
      { key: 'gen_ai.usage.input_tokens', value: { intValue: String(mixed(number) % 4000) } }, { key: 'gen_ai.usage.output_tokens', value: { intValue: String(mixed(number) % 400) } },
      text('gen_ai.conversation.id', `session-${trace}`), text('gen_ai.input.messages', message('user', number * 2, 34)), text('gen_ai.output.messages', message('assistant', number * 2 + 1, 26)),
    ],
    droppedAttributesCount: 0, events: [], droppedEventsCount: 0, links: [], droppedLinksCount: 0, status: { code: 1, message: '' }, resource: RESOURCE, scope: SCOPE,
  };
}

export interface Load {
  readonly json: readonly Buffer[];
  readonly protobuf: readonly Buffer[];
  readonly spans: number;
}

/** Batches from span number `first` on. */
export function makeLoad(batches: number, spansOfTrace: number, first: number): Load {
  const json: Buffer[] = [];
  const protobuf: Buffer[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const spans = Array.from({ length: SPANS_OF_BATCH }, (_, index) => spanOf(first + batch * SPANS_OF_BATCH + index, spansOfTrace));
    json.push(Buffer.from(JSON.stringify(encodeSpans(spans))));
    protobuf.push(Buffer.from(encodeMessage('ExportTraceServiceRequest', messageOf(spans))));
  }
  return { json, protobuf, spans: batches * SPANS_OF_BATCH };
}

/** One span in each request, twice: when it begins (Genkit wants an end of 0, not none), and when it has ended. So Genkit's own SDK sends them (its RealtimeSpanProcessor). */
export function makeSingles(count: number, spansOfTrace: number, first: number): Load {
  const versions = Array.from({ length: count }, (_, index) => spanOf(first + index, spansOfTrace)).flatMap((span) => [{ ...span, endTimeUnixNano: '0', attributes: span.attributes.slice(0, -1), status: { code: 0, message: '' } }, span]);
  return {
    json: versions.map((span) => Buffer.from(JSON.stringify(encodeSpans([span])))),
    protobuf: versions.map((span) => Buffer.from(encodeMessage('ExportTraceServiceRequest', messageOf([span])))),
    spans: count,
  };
}

function messageOf(spans: readonly RawSpan[]): object {
  const bytes = (id: string): Buffer => Buffer.from(id, 'hex');
  return {
    resourceSpans: [{
      resource: { attributes: RESOURCE.attributes },
      scopeSpans: [{ scope: { name: SCOPE.name, version: SCOPE.version }, spans: spans.map(({ traceId, spanId, parentSpanId, name, kind, startTimeUnixNano, endTimeUnixNano, attributes, status, flags }) => ({
        traceId: bytes(traceId), spanId: bytes(spanId), ...(parentSpanId === null ? {} : { parentSpanId: bytes(parentSpanId) }), name, kind, startTimeUnixNano, endTimeUnixNano, attributes, status, flags,
      })) }],
    }],
  };
}

/**
 * Posts all bodies in their order, as several senders do at once. Milliseconds from the first request to the last answer.
 * `onReset`: a body whose connection the server resets is sent again, up to three times; without it that is an error like any other.
 * @throws when one is not answered with 200
 */
export async function postAll(url: string, contentType: string, bodies: readonly Buffer[], onReset?: () => void): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  let next = 0;
  const began = performance.now();
  await Promise.all(Array.from({ length: SENDERS }, async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) await postPatiently(agent, url, contentType, body, onReset);
  }));
  const took = performance.now() - began;
  agent.destroy();
  return took;
}

async function postPatiently(agent: Agent, url: string, contentType: string, body: Buffer, onReset: (() => void) | undefined): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await post(agent, url, contentType, body);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (onReset === undefined || tries > 3 || (code !== 'ECONNRESET' && code !== 'EPIPE')) throw new Error(`${url}: ${String(error)}`, { cause: error });
      onReset();
    }
  }
}

function post(agent: Agent, url: string, contentType: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers: { 'content-type': contentType, 'content-length': body.length } }, (response) => {
      response.resume().once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`answered ${response.statusCode}`)))).once('error', reject);
    });
    sent.once('error', reject).end(body);
  });
}
