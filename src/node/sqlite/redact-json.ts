import { isObject } from '../../core/json.ts';

/** Names of members that are only letters are ours or a program's; no key looks like that. */
const PLAIN_NAME = /^[A-Za-z]+$/;

/** JSON without secrets. They are taken out of its texts, not out of the JSON: a secret such as `123456` or `output` must not break it. */
export function redactedJson(value: unknown, redact: (text: string) => string): string {
  const json = JSON.stringify(value);
  return redact(json) === json ? json : JSON.stringify(redacted(JSON.parse(json), redact));
}

function redacted(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [PLAIN_NAME.test(name) ? name : redact(name), redacted(item, redact)]));
}
