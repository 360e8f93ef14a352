/** Who names one of these sends elsewhere, and is left alone. */
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT'] as const;

/** By this one an endpoint is known to be ours: a program that was started from a terminal of another window hands both on. */
const MARK = 'TOUCHSTONE_RECEIVER';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables by which an OpenTelemetry SDK finds the receiver at these ports on loopback. They name a place and, unless it
 * is set, a protocol; what is exported at all stays the program's own choice.
 *
 * @param own what the person has set already: nothing of it is replaced, and who has set an endpoint gets nothing
 */
export function receiverEnvironment({ http, grpc }: { readonly http: number; readonly grpc: number | null }, own: Environment = {}): Readonly<Record<string, string>> {
  if (ENDPOINTS.some((name) => isSet(own[name]) && !isOurs(own, name))) return {};
  const protocol = [own['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'], own['OTEL_EXPORTER_OTLP_PROTOCOL']].find(isSet);
  const overGrpc = protocol === 'grpc';
  if (overGrpc && grpc === null) return {};
  const endpoint = `http://127.0.0.1:${overGrpc ? grpc : http}`;
  // Without it Python, Java and Go would speak gRPC to the port of HTTP.
  return { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...(protocol === undefined ? { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' } : {}), [MARK]: endpoint };
}

/** Every variable that `receiverEnvironment` looks at or sets. */
export const RECEIVER_VARIABLES: readonly string[] = [...ENDPOINTS, 'OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', MARK];

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function isOurs(own: Environment, name: (typeof ENDPOINTS)[number]): boolean {
  return name === 'OTEL_EXPORTER_OTLP_ENDPOINT' && own[name] === own[MARK];
}
