import { isObject } from '../../json.ts';

const MAX_DEPTH = 20;
/** A longer list of allowed values is somebody's table: comparing each item with it would take too long. */
const MAX_ENUM = 10_000;
const MAX_ITEMS = 1000;

/**
 * The first way in which arguments do not fit their JSON Schema; `null`: none was found. Types, required and unknown members, enums,
 * items. Schemas of traces are strangers': nothing is compiled and no pattern is run.
 */
export function misfit(value: unknown, schema: unknown, at = 'the arguments', depth = 0): string | null {
  if (!isObject(schema) || depth > MAX_DEPTH) return null;
  const types = Array.isArray(schema['type']) ? (schema['type'] as unknown[]) : schema['type'] === undefined ? [] : [schema['type']];
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) return `${at} should be ${types.join(' or ')}`;
  if (Array.isArray(schema['enum']) && schema['enum'].length > 0 && schema['enum'].length <= MAX_ENUM && !schema['enum'].some((allowed) => allowed === value || (isObject(allowed) && isObject(value)))) return `${at} is none of ${JSON.stringify(schema['enum']).slice(0, 200)}`;
  if (Array.isArray(value)) {
    for (const [index, item] of value.slice(0, MAX_ITEMS).entries()) {
      const found = misfit(item, schema['items'], `${at}[${index}]`, depth + 1);
      if (found !== null) return found;
    }
  }
  return isObject(value) ? misfitOfObject(value, schema, at, depth) : null;
}

function misfitOfObject(value: Record<string, unknown>, schema: Record<string, unknown>, at: string, depth: number): string | null {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  for (const name of Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : []) {
    if (typeof name === 'string' && !Object.hasOwn(value, name)) return `${at} lack “${name}”`;
  }
  for (const [name, member] of Object.entries(value)) {
    if (Object.hasOwn(properties, name)) {
      const found = misfit(member, properties[name], `“${name}”`, depth + 1);
      if (found !== null) return found;
    } else if (schema['additionalProperties'] === false) return `${at} have “${name}”, which is not known`;
  }
  return null;
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'object': return isObject(value);
    case 'array': return Array.isArray(value);
    case 'string': return typeof value === 'string';
    case 'number': return typeof value === 'number';
    case 'integer': return Number.isInteger(value);
    case 'boolean': return typeof value === 'boolean';
    case 'null': return value === null;
    default: return true;
  }
}
