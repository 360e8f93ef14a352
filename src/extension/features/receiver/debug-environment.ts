/** How a type of debug configuration takes the environment of the program that it starts. */
export interface EnvironmentForm {
  readonly key: 'env' | 'environment';
  /** `object`: `{NAME: value}`. `pairs`: `[{name, value}]`. `assignments`: `["NAME=value"]`. */
  readonly form: 'object' | 'pairs' | 'assignments';
}

type Member = Readonly<Record<string, unknown>>;

/** What a configuration sets, in whichever form it is written; `null` takes a variable away. */
export function environmentOf(written: unknown): Record<string, string | undefined> {
  if (Array.isArray(written)) return Object.fromEntries(written.flatMap(pairOf));
  return isObject(written) ? Object.fromEntries(Object.entries(written).map(([name, value]) => [name, asText(value)])) : {};
}

/** The same with more variables, which come first: what the person has written stands. A form that is not the type's own stays as it is. */
export function withVariables(written: unknown, form: EnvironmentForm['form'], added: Readonly<Record<string, string>>): unknown {
  const isList = Array.isArray(written);
  if (form === 'object' || (form === 'assignments' && isObject(written))) return isList ? written : { ...added, ...(isObject(written) ? written : {}) };
  if (written !== undefined && !isList) return written;
  const list = Object.entries(added).map(([name, value]): unknown => (form === 'pairs' ? { name, value } : `${name}=${value}`));
  return [...list, ...(isList ? (written as unknown[]) : [])];
}

function pairOf(item: unknown): [string, string | undefined][] {
  if (typeof item === 'string') {
    const at = item.indexOf('=');
    return at <= 0 ? [] : [[item.slice(0, at), item.slice(at + 1)]];
  }
  return isObject(item) && typeof item['name'] === 'string' ? [[item['name'], asText(item['value'])]] : [];
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isObject(value: unknown): value is Member {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
