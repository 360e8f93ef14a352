import * as v from 'valibot';
import type { CellTraceMethods, TraceMethods } from '../protocol/traces.ts';

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const text = v.pipe(v.string(), v.maxLength(1_000_000));
const port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535));
const traceId = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
const spanId = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
const path = v.pipe(v.string(), v.minLength(1));

type Methods = TraceMethods & CellTraceMethods;

/** One decoder a method of traces and their sources. */
export const TRACE_SCHEMAS = {
  'traces/list': v.object({ query: text, sort: v.picklist(['time', 'duration', 'cost', 'tokens', 'errors']), descending: v.boolean(), limit: index, cursor: v.optional(text) }),
  'traces/sessions': v.object({ query: text, limit: index, cursor: v.optional(text) }),
  'traces/complete': v.object({ query: text, position: index }),
  'traces/get': v.object({ traceId }),
  'traces/skeleton': v.object({ traceId, knownRevision: v.optional(v.number()) }),
  'traces/span': v.object({ traceId, spanId }),
  'traces/value': v.object({ traceId, spanId, pointer: text }),
  'traces/find': v.object({ traceId, text, limit: index }),
  'traces/findings': v.object({ traceId }),
  'traces/breakdown': v.object({ traceId }),
  'traces/memory': v.object({ session: text }),
  'traces/export': v.object({ traceId, format: v.picklist(['json', 'otlp', 'tree', 'markdown']), spanId: v.optional(spanId), file: v.optional(path) }),
  'traces/delete': v.union([v.object({ traceIds: v.array(traceId) }), v.object({ query: text })]),
  'traces/import': v.object({ files: v.array(path) }),
  'sources/get': v.object({}),
  'sources/receiver': v.object({ on: v.boolean(), http: v.optional(port), grpc: v.optional(v.nullable(port)) }),
  'sources/rejection': v.object({ id: index }),
  'cells/trace': v.object({ runId: v.string(), key: v.object({ caseIndex: index, modelIndex: index, repeat: index }) }),
} satisfies { readonly [M in keyof Methods]: v.GenericSchema<unknown, Methods[M][0]> };
