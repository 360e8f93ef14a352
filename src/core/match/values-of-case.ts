import { isObject, type JsonObject } from '../json.ts';
import type { TemplateSyntax } from '../prompt/model.ts';

/**
 * Values by the names that a prompt has for them, read back or given, as the variables of a case: a nunjucks template looks for `user.name`
 * in an object `user`, placeholders take the name as it stands. Of one name the last value counts.
 */
export function valuesOfCase(variables: readonly { readonly name: string; readonly value: unknown }[], syntax: TemplateSyntax): JsonObject {
  const values = new Map<string, unknown>();
  for (const { name, value } of variables) {
    const [root = '', ...path] = syntax === 'nunjucks' ? name.split('.') : [name];
    // A value that is shown whole and by its parts is its text: the parts cannot be told from it.
    if (path.length === 0) values.set(root, value);
    else if (!values.has(root) || isObject(values.get(root))) values.set(root, withValue(values.get(root), path, value));
  }
  return Object.fromEntries(values);
}

/** Values that somebody gave, by the names that the prompt has for them. */
export function valuesIn(given: JsonObject): { readonly name: string; readonly value: unknown }[] {
  return Object.entries(given).map(([name, value]) => ({ name, value }));
}

function withValue(holder: unknown, [key, ...path]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const members = new Map(isObject(holder) ? Object.entries(holder) : []);
  return Object.fromEntries(members.set(key, withValue(members.get(key), path, value)));
}
