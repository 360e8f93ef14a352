import type { FlatPattern } from './pattern.ts';

/** As much of a literal, next to a variable, must still be there. */
const CONTEXT = 16;

/**
 * Values that stand between what stood around their variables, in a text whose template was edited elsewhere. A guess: nothing says that
 * the value did not begin earlier or end later.
 */
export function surroundedValues({ literals, groups }: FlatPattern, text: string): Map<string, string> {
  const values = new Map<string, string>();
  let from = 0;
  groups.forEach((group, i) => {
    const [name] = group;
    if (group.length !== 1 || typeof name !== 'string') return;
    const before = (literals[i] ?? '').slice(-CONTEXT);
    const after = (literals[i + 1] ?? '').slice(0, CONTEXT);
    // At an end of the text there is nothing to look for but the end.
    if (before.trim() === '' && i > 0) return;
    if (after.trim() === '' && i < groups.length - 1) return;
    const at = text.indexOf(before, from);
    if (at < 0 || (before === '' && at !== 0)) return;
    const start = at + before.length;
    const end = after === '' ? text.length : text.indexOf(after, start);
    if (end < 0) return;
    values.set(name, text.slice(start, end));
    from = end;
  });
  return values;
}
