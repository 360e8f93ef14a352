/** Longer texts are not tried as JSON: parsing would stop the panel. */
const MAX_JSON = 2_000_000;

/** The text of an output: data is shown as indented JSON. */
export function outputText(output: unknown): string {
  return typeof output === 'string' ? output : output === null || output === undefined ? '' : JSON.stringify(output, null, 2);
}

/** `undefined`: not JSON, or only a bare text or number, which a tree would not show better. */
export function asJson(output: unknown): unknown {
  if (typeof output === 'object' && output !== null) return output;
  if (typeof output !== 'string' || output.length > MAX_JSON || !/^\s*[[{]/.test(output)) return undefined;
  try {
    return JSON.parse(output) as unknown;
  } catch {
    return undefined;
  }
}
