import { errorMessage } from '../../core/errors.ts';
import { isObject } from '../../core/json.ts';
import { UndecodableValue } from '../../core/trace/any-value.ts';
import { readSpanId, readTraceId } from '../../core/trace/ids.ts';
import { decodeOtlpRequest } from '../../core/trace/otlp-request.ts';
import { encodeStatus, type OtlpEncoding, type OtlpSignal } from '../../core/trace/otlp-response.ts';
import { parseKeepingLongIntegers } from '../../core/trace/parse-json.ts';
import type { BatchOrigin, Ingested } from '../../core/trace/sink.ts';
import type { Intake } from './intake.ts';
import { describeRejections } from './intake.ts';
import { Refusal } from './refusal.ts';
import { adopt } from './vendors/genkit.ts';
import { langsmithInfo, readLangsmithParts } from './vendors/langsmith.ts';

/** A request whose body has come in. */
export interface Call {
  readonly intake: Intake;
  readonly bodyLimit: number;
  readonly path: RegExpExecArray;
  readonly method: string;
  /** As it was sent, with its parameters. */
  readonly contentType: string;
  /** Inflated. */
  readonly body: Uint8Array;
  readonly origin: BatchOrigin;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

export interface Route {
  readonly pattern: RegExp;
  readonly methods: readonly string[];
  /** Content types (without parameters) it takes; empty: it has no body. */
  readonly accepts: readonly string[];
  answer(call: Call): Promise<Answer> | Answer;
  /** How a failure is said on this route, given the content type that was sent. */
  failure(refusal: Refusal, contentType: string): Answer;
}

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
const FORM = 'multipart/form-data';

/**
 * Paths are looked at from their end: whoever pointed an exporter at a backend with a base path (`/api/public/otel` of Langfuse,
 * `/otel` of LangSmith and Weave, `/api/v1/private/otel` of Opik) has only to change the host.
 */
const ROUTES: readonly Route[] = [
  otlp(/\/v1\/traces$/, 'traces'),
  otlp(/\/v1\/logs$/, 'logs'),
  otlp(/\/v1\/metrics$/, 'metrics'),
  // Genkit's telemetry server: OTLP with spans and logs in one, also as parts of a span that is named in the path
  { ...otlp(/\/api\/otlp$/, 'traces'), accepts: [JSON_TYPE] },
  { ...otlp(/\/api\/otlp\/([0-9a-f]{32})\/([0-9a-f]{16})$/i, 'traces'), accepts: [JSON_TYPE], answer: takeAdopted },
  documents(/\/api\/traces$/, ['POST'], 200, (call) => call.body),
  // OpenAI's Agents SDK
  documents(/\/v1\/traces\/ingest$/, ['POST'], 200, (call) => call.body),
  // LangSmith's SDKs
  documents(/\/runs\/batch$/, ['POST'], 202, (call) => call.body),
  documents(/\/runs$/, ['POST'], 202, (call) => langsmithRun(call, 'post')),
  { ...documents(/\/runs\/multipart$/, ['POST'], 202, (call) => call.body), accepts: [FORM], answer: takeParts },
  documents(/\/runs\/([0-9a-f-]{36})$/i, ['PATCH'], 202, (call) => langsmithRun(call, 'patch')),
  documents(/\/feedback$/, ['POST'], 200, (call) => jsonBytes({ post: [], patch: [], feedback: [parseObject(call.body)] })),
  information(/\/info$/, (call) => langsmithInfo(call.bodyLimit)),
  information(/^(?:\/|\/health|\/healthz|\/api\/__health)$/, () => ({ status: 'ok', receiver: 'touchstone' })),
];

/** The route of a path. @throws Refusal 404, 405 */
export function routeOf(method: string, path: string): { route: Route; match: RegExpExecArray } {
  const methods = new Set<string>();
  for (const route of ROUTES) {
    const match = route.pattern.exec(path);
    if (!match) continue;
    if (route.methods.includes(method)) return { route, match };
    for (const name of route.methods) methods.add(name);
  }
  if (methods.size > 0) throw new Refusal(405, `${method.slice(0, 20)} is not what this path takes`, { headers: { allow: [...methods].join(', ') } });
  throw new Refusal(404, 'nothing is received at this path: OTLP is at /v1/traces, /v1/logs and /v1/metrics');
}

/** The content type without its parameters. */
export function mediaType(contentType: string): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase();
}

/** How a failure is said where no route is known: in the type that was sent where that is one of OTLP's, else as JSON. */
export function plainFailure(refusal: Refusal, contentType: string): Answer {
  const encoding: OtlpEncoding = mediaType(contentType) === PROTOBUF ? 'protobuf' : 'json';
  return { status: refusal.status, contentType: typeOf(encoding), body: encodeStatus(refusal.code, refusal.message, encoding, refusal.retryAfter) };
}

function typeOf(encoding: OtlpEncoding): string {
  return encoding === 'protobuf' ? PROTOBUF : JSON_TYPE;
}

function otlp(pattern: RegExp, signal: OtlpSignal): Route {
  return {
    pattern,
    methods: ['POST'],
    accepts: [PROTOBUF, JSON_TYPE],
    async answer({ intake, contentType, body, origin }) {
      const encoding: OtlpEncoding = mediaType(contentType) === PROTOBUF ? 'protobuf' : 'json';
      return { status: 200, contentType: typeOf(encoding), body: await intake.takeOtlp(signal, encoding, { body, origin }) };
    },
    failure: plainFailure,
  };
}

function documents(pattern: RegExp, methods: readonly string[], status: number, read: (call: Call) => Uint8Array): Route {
  return {
    pattern,
    methods,
    accepts: [JSON_TYPE],
    async answer(call) {
      const { intake, origin } = call;
      return accepted(status, await intake.take({ form: 'documents', body: read(call), origin }));
    },
    failure: jsonFailure,
  };
}

function information(pattern: RegExp, read: (call: Pick<Call, 'bodyLimit'>) => object): Route {
  return { pattern, methods: ['GET', 'HEAD'], accepts: [], answer: (call) => ({ status: 200, contentType: JSON_TYPE, body: jsonBytes(read(call)) }), failure: jsonFailure };
}

/** Where nothing at all could be taken, the sender is told so: these protocols have no partial success. */
function accepted(status: number, { spans, logs, rejected }: Ingested): Answer {
  if (rejected.length > 0 && spans + logs === 0) throw new Refusal(422, describeRejections(rejected));
  return { status, contentType: JSON_TYPE, body: jsonBytes(rejected.length === 0 ? {} : { message: describeRejections(rejected) }) };
}

function jsonFailure(refusal: Refusal): Answer {
  return { status: refusal.status, contentType: JSON_TYPE, body: jsonBytes({ detail: refusal.message }) };
}

function langsmithRun({ body, path }: Call, method: 'post' | 'patch'): Uint8Array {
  const run = parseObject(body);
  const known = 'run_type' in run || 'dotted_order' in run ? run : { ...run, run_type: null };
  return jsonBytes({ post: [], patch: [], [method]: [path[1] === undefined ? known : { ...known, id: path[1].toLowerCase() }] });
}

async function takeParts({ intake, contentType, body, origin }: Call): Promise<Answer> {
  const { document, rejected } = readLangsmithParts(contentType, body);
  const runs = await intake.take({ form: 'documents', body: jsonBytes(document), origin });
  const kept = rejected.length === 0 ? [] : (await intake.take({ spans: [], logs: [], rejected, origin })).rejected;
  return accepted(202, { ...runs, rejected: [...runs.rejected, ...kept] });
}

async function takeAdopted({ intake, body, origin, path }: Call): Promise<Answer> {
  const traceId = readTraceId(path[1]);
  const spanId = readSpanId(path[2]);
  if (typeof traceId !== 'string' || typeof spanId !== 'string') throw new Refusal(400, 'the path names no span');
  try {
    await intake.take({ ...adopt(decodeOtlpRequest('otlp-traces-json', body), traceId, spanId), origin });
  } catch (error) {
    throw error instanceof UndecodableValue ? new Refusal(400, error.message, { cause: error }) : error;
  }
  return { status: 200, contentType: JSON_TYPE, body: jsonBytes({}) };
}

function parseObject(body: Uint8Array): { [key: string]: unknown } {
  const parsed = parseKeepingLongIntegers(new TextDecoder().decode(body));
  if ('error' in parsed) throw new Refusal(400, `the body is not valid JSON: ${parsed.error}`);
  if (!isObject(parsed.value)) throw new Refusal(400, 'the body is not an object');
  return parsed.value;
}

function jsonBytes(value: object): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(value));
  } catch (error) {
    // nested so deep that writing it exhausts the stack
    throw new Refusal(400, `the body cannot be read: ${errorMessage(error)}`, { cause: error });
  }
}
