/**
 * A tracer in a few lines: spans as OTLP/JSON, posted as they end; each says which line began it. An app of yours takes OpenTelemetry's own
 * SDK instead, and for the line the span processor of Touchstone's docs/code.md.
 */
import { randomBytes } from 'node:crypto';

const POST_MS = 200;
/** Of no interest to whoever reads the trace. */
const ROOT = new URL('..', import.meta.url).href;
const HERE = import.meta.url;

/** `send` takes one request; without it, it is posted to where OTEL_EXPORTER_OTLP_ENDPOINT leads. */
export function createTracer({ resource, scope, send = post }) {
  const began = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
  const now = () => String(began + process.hrtime.bigint());
  let ended = [];
  let timer;
  let sending = Promise.resolve();

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (ended.length > 0) {
      const request = { resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans: [{ scope: { name: scope }, spans: ended }] }] };
      ended = [];
      sending = sending.then(() => send(request)).catch((error) => console.error(`Spans were lost: ${error.message}`));
    }
    return sending;
  };

  const run = async (place, traceId, parentSpanId, name, attributes, kind, work) => {
    const spanId = randomBytes(8).toString('hex');
    const span = { traceId, spanId, ...(parentSpanId ? { parentSpanId } : {}), name, kind, startTimeUnixNano: now() };
    const all = { ...attributes, ...place };
    try {
      const result = await work({
        set: (more) => void Object.assign(all, more),
        span: (childName, childAttributes, childWork, childKind = 1) => run(caller(), traceId, spanId, childName, childAttributes, childKind, childWork),
      });
      span.status = {};
      return result;
    } catch (error) {
      span.status = { code: 2, message: error.message };
      span.events = [{ timeUnixNano: now(), name: 'exception', attributes: keyValues({ 'exception.type': error.name, 'exception.message': error.message, 'exception.stacktrace': error.stack.replaceAll(ROOT, '') }) }];
      throw error;
    } finally {
      ended.push({ ...span, endTimeUnixNano: now(), attributes: keyValues(all) });
      timer ??= setTimeout(flush, POST_MS);
    }
  };

  return { trace: (name, attributes, work) => run(caller(), randomBytes(16).toString('hex'), undefined, name, attributes, 1, work), flush };
}

/** The line of the app that begins a span, for "Open code". */
function caller() {
  const frame = new Error().stack.split('\n').slice(1).find((line) => line.includes(ROOT) && !line.includes(HERE));
  const [, name, file, line, column] = /^\s*at (?:(?:async )?(.+?) \()?(\S+?):(\d+):(\d+)\)?$/.exec(frame ?? '') ?? [];
  if (file === undefined) return {};
  return { 'code.file.path': decodeURI(file.replace(ROOT, '')), 'code.line.number': Number(line), 'code.column.number': Number(column), ...(name === undefined ? {} : { 'code.function.name': name }) };
}

async function post(request) {
  const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint) return;
  const response = await fetch(`${endpoint.replace(/\/$/, '')}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) });
  if (!response.ok) throw new Error(`${endpoint} answered with ${response.status}`);
}

function keyValues(attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value) {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { stringValue: String(value) };
}
