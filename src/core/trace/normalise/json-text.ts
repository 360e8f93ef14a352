import { isDeeperThan, MAX_DEPTH } from '../any-value.ts';

/**
 * The JSON value of a text that holds an object, an array or a quoted string; `undefined` when it is none, or was cut off by an
 * SDK's limit on the length of attributes, or is nested too deep to be walked. Numbers and bare words stay what they are: texts.
 */
function parseJsonText(text: string): unknown {
  const first = /^\s*(.)/.exec(text)?.[1];
  if (first !== '{' && first !== '[' && first !== '"') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isDeeperThan(value, MAX_DEPTH) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** The parsed value of a text that is JSON, everything else as it is. */
export function parsed(value: unknown): unknown {
  return typeof value === 'string' ? (parseJsonText(value) ?? value) : value;
}
