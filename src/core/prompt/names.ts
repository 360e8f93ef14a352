/**
 * Whether a filter (`prompts` or `providers` of a test, `prompts` of a provider) means something with these names:
 * exactly one of them, or the group before the first colon (`chat` and `chat:*` mean `chat:v1`, `chat:v2`, …).
 */
export function matchesName(wanted: string, names: readonly string[]): boolean {
  const group = wanted.endsWith(':*') ? wanted.slice(0, -1) : `${wanted}:`;
  return names.some((name) => name === wanted || name.startsWith(group));
}
