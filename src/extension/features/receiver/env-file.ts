/** The values that a `.env` file gives to these variables. Values are compared with nothing: quotes are taken off, no more. */
export function variablesIn(text: string, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line);
    const name = match?.[1];
    if (name !== undefined && names.includes(name)) found[name] = (match?.[2] ?? '').replace(/^(["'])(.*)\1$/, '$2');
  }
  return found;
}
