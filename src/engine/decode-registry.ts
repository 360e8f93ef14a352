import * as v from 'valibot';
import type { RegistryMethods } from '../protocol/registry.ts';

const text = v.pipe(v.string(), v.maxLength(4096));
const name = v.pipe(text, v.minLength(1));
const names = v.pipe(v.array(name), v.maxLength(100));
const place = { path: name, prompt: v.optional(name), overlays: v.optional(v.array(v.object({ path: name, text: v.string() }))) };
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** One decoder a method of versions and environments. */
export const REGISTRY_SCHEMAS = {
  'versions/list': v.object({ ...place, git: v.optional(v.boolean()) }),
  'versions/labels': v.object({ contents: v.pipe(v.array(v.object({ path: name, prompt: name, hash: name })), v.maxLength(10_000)) }),
  'versions/get': v.object({ ...place, ref: name }),
  'versions/save': v.object({ ...place, message: text, tags: v.optional(names), useCase: v.optional(name) }),
  'environments/promote': v.object({ ...place, ref: name, environment: name, note: v.optional(text) }),
  'environments/rollback': v.object({ ...place, environment: name, note: v.optional(text) }),
  'environments/undo': v.object({ ...place, event: name }),
  'environments/history': v.object({ ...place, environment: v.optional(name) }),
  'registry/search': v.object({ text: v.optional(text), similar: v.optional(text), tags: v.optional(names), model: v.optional(name), owner: v.optional(name), minPassRate: v.optional(share), limit: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1000)) }),
  'registry/check': v.object({}),
} satisfies { readonly [M in keyof RegistryMethods]: v.GenericSchema<unknown, RegistryMethods[M][0]> };
