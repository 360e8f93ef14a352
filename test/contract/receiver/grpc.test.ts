import { connect } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { SinkError } from '../../../src/core/trace/sink.ts';
import { decodeMessage, encodeMessage } from '../../unit/trace/otlp-messages.ts';
import { holdBack, serve, SPAN, span, traceRequest, TRACE } from './support.ts';

const SERVICES = { traces: 'trace.v1.TraceService', logs: 'logs.v1.LogsService', metrics: 'metrics.v1.MetricsService' } as const;
const TRACES = encodeMessage('ExportTraceServiceRequest', traceRequest(span()));

interface Called {
  readonly code: number;
  readonly details: string;
  readonly body: Buffer | undefined;
  readonly metadata: grpc.Metadata | undefined;
}

async function call(port: number, signal: keyof typeof SERVICES | string, body: Uint8Array, { metadata = {}, options = {} }: { metadata?: Readonly<Record<string, string>>; options?: grpc.ClientOptions } = {}): Promise<Called> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);
  const sent = new grpc.Metadata();
  for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
  const path = signal in SERVICES ? `/opentelemetry.proto.collector.${SERVICES[signal as keyof typeof SERVICES]}/Export` : signal;
  try {
    return await new Promise((resolve) => {
      const same = (bytes: Buffer): Buffer => bytes;
      client.makeUnaryRequest(path, same, same, Buffer.from(body), sent, (error, answer) => {
        resolve({ code: error?.code ?? 0, details: error?.details ?? '', body: answer, metadata: error?.metadata });
      });
    });
  } finally {
    client.close();
  }
}

function details(called: Called): { [key: string]: unknown } {
  return decodeMessage('RpcStatus', called.metadata?.get('grpc-status-details-bin')[0] as Buffer);
}

describe('OTLP over gRPC', () => {
  it('takes traces, logs and metrics, on either port', async () => {
    await using served = await serve();
    const logs = encodeMessage('ExportLogsServiceRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '5' }] }] }] });
    const metrics = encodeMessage('ExportMetricsServiceRequest', { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ gauge: { dataPoints: [{}] } }] }] }] });
    for (const port of [served.grpc, served.http]) {
      for (const [signal, body] of [['traces', TRACES], ['logs', logs], ['metrics', metrics]] as const) {
        const called = await call(port, signal, body);
        expect([called.code, called.body?.length], `${signal} ${port}`).toEqual([0, 0]);
      }
    }
    expect(served.sink.spans).toMatchObject([{ traceId: TRACE, spanId: SPAN }, { traceId: TRACE, spanId: SPAN }]);
    expect(served.receiver.counts).toMatchObject({ spans: 2, logs: 2, metrics: 2 });
  });

  it('takes what is compressed, and names the project of the metadata', async () => {
    await using served = await serve();
    const called = await call(served.grpc, 'traces', TRACES, { options: { 'grpc.default_compression_algorithm': 2 }, metadata: { 'langsmith-project': 'shop' } });
    expect(called.code).toBe(0);
    expect(served.sink.origins).toMatchObject([{ project: 'shop' }]);
  });

  it('rejects single spans by partial success', async () => {
    await using served = await serve();
    const called = await call(served.grpc, 'traces', encodeMessage('ExportTraceServiceRequest', traceRequest(span(), span({ spanId: undefined }))));
    expect(decodeMessage('ExportServiceResponse', called.body!)).toEqual({ partialSuccess: { rejected: '1', errorMessage: '1 × the span has no spanId (resourceSpans[0].scopeSpans[0].spans[1])' } });
  });

  it('says INVALID_ARGUMENT for what cannot be decoded, and does not ask for it again', async () => {
    await using served = await serve();
    const called = await call(served.grpc, 'traces', Buffer.from('hello'));
    expect(called.code).toBe(grpc.status.INVALID_ARGUMENT);
    expect(details(called)).toEqual({ code: 3, message: called.details });
  });

  it('says UNAVAILABLE with the time to wait when the store is busy', async () => {
    await using served = await serve();
    served.sink.before = () => Promise.reject(new SinkError('full', 'the disk is full'));
    const called = await call(served.grpc, 'traces', TRACES);
    expect([called.code, called.details]).toEqual([grpc.status.UNAVAILABLE, 'the disk is full']);
    const [retry] = (details(called) as { details: { typeUrl: string; value: number[] }[] }).details;
    expect(retry!.typeUrl).toBe('type.googleapis.com/google.rpc.RetryInfo');
    expect(decodeMessage('RetryInfo', Uint8Array.from(retry!.value))).toEqual({ retryDelay: { seconds: '30' } });
    served.sink.before = () => Promise.resolve();
    expect((await call(served.grpc, 'traces', TRACES)).code).toBe(0);
  });

  it('says RESOURCE_EXHAUSTED for messages beyond the limit, packed or not', async () => {
    await using served = await serve({ limits: { body: 100_000 } });
    const large = Buffer.alloc(200_000);
    expect((await call(served.grpc, 'traces', large)).code).toBe(grpc.status.RESOURCE_EXHAUSTED);
    expect((await call(served.grpc, 'traces', large, { options: { 'grpc.default_compression_algorithm': 2 } })).code).toBe(grpc.status.RESOURCE_EXHAUSTED);
    expect(served.sink.origins).toEqual([]);
    expect((await call(served.grpc, 'traces', TRACES)).code).toBe(0);
  });

  it('knows no other methods', async () => {
    await using served = await serve();
    expect((await call(served.grpc, '/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export', TRACES)).code).toBe(grpc.status.UNIMPLEMENTED);
  });

  it('wants the token where there is one', async () => {
    await using served = await serve({ token: 'sesame' });
    expect((await call(served.grpc, 'traces', TRACES)).code).toBe(grpc.status.UNAUTHENTICATED);
    expect((await call(served.grpc, 'traces', TRACES, { metadata: { authorization: 'Bearer sesame' } })).code).toBe(0);
  });

  it('survives what is no gRPC after all', async () => {
    await using served = await serve();
    for (const bytes of ['PRI', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'x'.repeat(5000)}`, 'PRI nonsense\r\n\r\n', '\u0016\u0003\u0001\u0002\u0000\u0001']) {
      await new Promise<void>((resolve) => {
        const socket = connect(served.grpc, '127.0.0.1', () => { socket.end(bytes, 'latin1'); });
        const timer = setTimeout(() => { socket.destroy(); }, 1000);
        socket.resume().on('error', () => { /* as meant */ }).on('close', () => { clearTimeout(timer); resolve(); });
      });
    }
    expect((await call(served.grpc, 'traces', TRACES)).code).toBe(0);
  });

  it('answers what is under way when the receiver stops', async () => {
    const served = await serve();
    const store = holdBack(served.sink);
    const called = call(served.grpc, 'traces', TRACES);
    await store.isHeld(1);
    const stopped = served.receiver.stop();
    const isRefused = (): Promise<boolean> => new Promise((resolve) => {
      const socket = connect(served.grpc, '127.0.0.1', () => resolve(false)).on('error', () => resolve(true)).on('close', () => socket.destroy());
    });
    await expect.poll(isRefused).toBe(true);
    store.release();
    expect((await called).code).toBe(0);
    await stopped;
    await served[Symbol.asyncDispose]();
  });
});
