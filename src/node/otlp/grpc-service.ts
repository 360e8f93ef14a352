import type { Duplex } from 'node:stream';
import type { sendUnaryData, ServerUnaryCall, ServiceDefinition } from '@grpc/grpc-js';
import { encodeStatus, type OtlpSignal } from '../../core/trace/otlp-response.ts';
import type { Admission } from './admission.ts';
import { projectOf, type Guard } from './guard.ts';
import type { Intake } from './intake.ts';
import type { ReceiverLimits } from './limits.ts';
import { Refusal } from './refusal.ts';

export interface GrpcContext {
  readonly intake: Intake;
  readonly guard: Guard;
  readonly admission: Admission;
  readonly limits: ReceiverLimits;
  readonly closing: () => boolean;
}

/** Serves OTLP/gRPC on connections that are handed to it. */
export interface GrpcService {
  serve(connection: Duplex): void;
  /** Ends the connections: those that are idle at once, the others after their calls or after so many milliseconds. */
  close(graceMs: number): void;
}

type Metadata = ServerUnaryCall<Buffer, Buffer>['metadata'];

const SERVICES: readonly (readonly [signal: OtlpSignal, path: string])[] = [
  ['traces', '/opentelemetry.proto.collector.trace.v1.TraceService/Export'],
  ['logs', '/opentelemetry.proto.collector.logs.v1.LogsService/Export'],
  ['metrics', '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'],
];

/** Calls of one connection at one time: each may hold a whole message. */
const MAX_STREAMS = 64;

/** Loads grpc-js: half a megabyte that is not read before somebody speaks gRPC. */
export async function createGrpcService(context: GrpcContext): Promise<GrpcService> {
  // CommonJS: bundled, it has no other export than this one.
  const { default: grpc } = await import('@grpc/grpc-js');
  const server = new grpc.Server({
    'grpc.max_receive_message_length': context.limits.body,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.enable_channelz': 0,
  });
  const fail = (refusal: Refusal): Parameters<sendUnaryData<Buffer>>[0] => {
    const metadata = new grpc.Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from(encodeStatus(refusal.code, refusal.message, 'protobuf', refusal.retryAfter)));
    return { code: refusal.code, details: refusal.message, metadata };
  };
  for (const [signal, path] of SERVICES) {
    server.addService(unary(path), {
      export: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
        void take(context, signal, path, call).then(
          (message) => { done(null, message); },
          (error: unknown) => { done(fail(error instanceof Refusal ? error : new Refusal(503, 'the request could not be served', { retryAfter: 5 }))); },
        );
      },
    });
  }
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  return {
    serve: (connection) => { injector.injectConnection(connection); },
    close: (graceMs) => {
      injector.drain(graceMs);
      injector.destroy();
    },
  };
}

/** A method whose messages stay bytes: they are decoded where they are stored. */
function unary(path: string): ServiceDefinition {
  const same = (bytes: Buffer): Buffer => bytes;
  return { export: { path, requestStream: false, responseStream: false, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same } };
}

async function take(context: GrpcContext, signal: OtlpSignal, path: string, call: { readonly metadata: Metadata; readonly request: Buffer }): Promise<Buffer> {
  const header = (name: string): string | undefined => call.metadata.get(name)[0]?.toString();
  context.guard.authorise(header('authorization'), header('x-api-key'));
  if (context.closing()) throw new Refusal(503, 'the receiver is closing', { retryAfter: 1 });
  const place = context.admission.enter();
  try {
    place.hold(call.request.length);
    const project = projectOf(header);
    return Buffer.from(await context.intake.takeOtlp(signal, 'protobuf', { body: call.request, origin: { kind: 'received', place: path, ...(project === undefined ? {} : { project }) } }));
  } finally {
    place.leave();
  }
}
