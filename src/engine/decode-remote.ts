import * as v from 'valibot';
import { SOURCE_TYPES } from '../core/config/model.ts';
import type { RemoteMethods } from '../protocol/remote.ts';

const text = v.pipe(v.string(), v.maxLength(1_000_000));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(1000));
const request = v.optional(name);
const limit = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const list = v.object({ source: name, query: text, limit, cursor: v.optional(text) });
const optional = v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(4096)));
const secret = v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/)));

const entry = v.object({
  name, type: v.picklist(SOURCE_TYPES), url: optional, app: optional, path: optional, project: optional, tenant: optional, datasource: optional, database: optional, table: optional,
  key: secret, user: secret, applicationKey: secret, annotate: v.optional(v.boolean()),
});

/** One decoder a method of links and sources. */
export const REMOTE_SCHEMAS = {
  'links/explain': v.object({ text }),
  'links/open': v.object({ text, request }),
  'links/make': v.object({ traceId: id, spanId: v.optional(id) }),
  'remote/sources': v.object({}),
  'remote/describe': v.object({ entry }),
  'remote/list': list,
  'remote/sessions': list,
  'remote/summary': v.object({ source: name, query: text, by: v.picklist(['day', 'model', 'service']) }),
  'remote/fetch': v.object({ source: name, id, request }),
  'remote/refresh': v.object({ traceId: id, request }),
  'remote/origin': v.object({ traceId: id }),
  'remote/test': v.union([v.object({ source: name }), v.object({ entry })]),
  'remote/add': v.object({ entry }),
  'remote/scores': v.object({ traceId: id }),
  'remote/annotate': v.object({ traceId: id, spanId: v.optional(id), name, value: v.optional(v.pipe(v.number(), v.finite())), label: v.optional(text), comment: v.optional(text) }),
} satisfies { readonly [M in keyof RemoteMethods]: v.GenericSchema<unknown, RemoteMethods[M][0]> };
