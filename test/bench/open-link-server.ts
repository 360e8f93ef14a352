/**
 * Backends on loopback, forked by test/bench/open-link.ts: each serves the same generated trace in its own form, made before it is asked,
 * so that answering costs no more than sending bytes. Tells its parent the addresses and the trace's id, and ends with the channel.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import protobuf from 'protobufjs';
import type { RawSpan } from '../../src/core/trace/model.ts';
import { encodeSpans } from '../../src/core/trace/otlp-encode.ts';
import { PROTO } from '../unit/trace/otlp-proto.ts';
import { spansOf, traceIdOf } from './trace-store.ts';

export interface OpenLinkServer {
  readonly traceId: string;
  readonly jaeger: string;
  readonly tempo: string;
  readonly langfuse: string;
}

type Serve = (url: URL) => { readonly type: string; readonly body: string | Uint8Array } | undefined;

const SPANS = Number(process.argv[2]);
/** As large as a Langfuse observation's metadata is shown before it is cut, and what it really is. */
const CUT = 'm'.repeat(200);
const WHOLE = 'm'.repeat(400);
const TRACE = traceIdOf(0);
const spans = [...spansOf(0, SPANS)].flat();

const addresses = { jaeger: await listen(jaeger()), tempo: await listen(tempo()), langfuse: await listen(langfuse()) };
process.on('disconnect', () => process.exit(0));
process.send?.({ traceId: TRACE, ...addresses } satisfies OpenLinkServer);

async function listen(serve: Serve): Promise<string> {
  const server = createServer((request, response) => {
    const answer = serve(new URL(request.url ?? '/', 'http://localhost'));
    if (answer === undefined) return void response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"not found"}');
    response.writeHead(200, { 'content-type': answer.type }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function jaeger(): Serve {
  const body = Buffer.from(JSON.stringify({ result: encodeSpans(spans) }));
  return ({ pathname }) => (pathname === `/api/v3/traces/${TRACE}` ? { type: 'application/json', body } : undefined);
}

/** `TraceByIDResponse` with the batches as they came to Tempo, a hundred spans each. */
function tempo(): Serve {
  const request = protobuf.parse(PROTO).root.lookupType('ExportTraceServiceRequest');
  const isId = /^(?:traceId|spanId|parentSpanId)$/;
  const parts: Uint8Array[] = [];
  for (let from = 0; from < spans.length; from += 100) {
    const value = JSON.parse(JSON.stringify(encodeSpans(spans.slice(from, from + 100))), (key, id: unknown) => (isId.test(key) && typeof id === 'string' ? Buffer.from(id, 'hex').toString('base64') : id)) as Record<string, unknown>;
    parts.push(request.encode(request.fromObject(value)).finish());
  }
  const trace = Buffer.concat(parts);
  const body = Buffer.concat([protobuf.Writer.create().uint32(10).uint32(trace.length).finish(), trace]);
  return ({ pathname }) => (pathname === `/api/v2/traces/${TRACE}` ? { type: 'application/protobuf', body } : undefined);
}

/** Pages of observations behind a cursor; every observation has metadata that is cut until its key is asked for. */
function langfuse(): Serve {
  const cut = spans.map((span) => JSON.stringify(observationOf(span, CUT)));
  const whole = spans.map((span) => JSON.stringify(observationOf(span, WHOLE)));
  return ({ pathname, searchParams }) => {
    if (pathname === '/api/public/v2/scores') return { type: 'application/json', body: '{"data":[],"meta":{"page":1,"totalPages":1}}' };
    if (pathname !== '/api/public/v2/observations' || searchParams.get('traceId') !== TRACE) return undefined;
    const from = Number(searchParams.get('cursor') ?? 0);
    const to = from + Math.min(Number(searchParams.get('limit') ?? 50), 1000);
    const page = (searchParams.get('expandMetadata') === 'note' ? whole : cut).slice(from, to);
    return { type: 'application/json', body: `{"data":[${page.join(',')}],"meta":${to < spans.length ? `{"cursor":"${to}"}` : '{}'}}` };
  };
}

function observationOf(span: RawSpan, note: string): Record<string, unknown> {
  const attributes = new Map(span.attributes.map(({ key, value }) => [key, 'stringValue' in value ? value.stringValue : 'intValue' in value ? Number(value.intValue) : null]));
  const model = attributes.get('gen_ai.request.model');
  const [input, output] = [Number(attributes.get('gen_ai.usage.input_tokens')), Number(attributes.get('gen_ai.usage.output_tokens'))];
  return {
    id: span.spanId, traceId: TRACE, projectId: 'bench', type: model === undefined ? 'SPAN' : 'GENERATION', name: span.name, startTime: isoOf(span.startTimeUnixNano), endTime: isoOf(span.endTimeUnixNano ?? span.startTimeUnixNano),
    parentObservationId: span.parentSpanId, isRootObservation: span.parentSpanId === null, level: span.status.code === 2 ? 'ERROR' : 'DEFAULT', statusMessage: span.status.message || null,
    input: attributes.get('gen_ai.input.messages') ?? attributes.get('gen_ai.tool.call.arguments') ?? null, output: attributes.get('gen_ai.output.messages') ?? attributes.get('gen_ai.tool.call.result') ?? null,
    metadata: { note }, traceName: 'bench', environment: 'production', tags: [],
    ...(model === undefined ? { usageDetails: {}, costDetails: {} } : { providedModelName: model, usageDetails: { input, output, total: input + output }, costDetails: {} }),
  };
}

function isoOf(nanos: string): string {
  return new Date(Number(BigInt(nanos) / 1_000_000n)).toISOString();
}
