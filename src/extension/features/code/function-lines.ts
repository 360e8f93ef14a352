import { definitionLines } from '../../../core/code/definitions.ts';
import type { TracedFunction } from '../../../protocol/spans.ts';

/**
 * The lines (one-based) over which the lenses of a file's traced functions stand. A span says on which line of a function it
 * began: the lens stands over the function, where its name leads to it and only one line of it made spans, else over that line.
 *
 * @returns one a function, in their order; `null`: the text has no such line any more
 */
export function functionLines(text: string, functions: readonly Pick<TracedFunction, 'line' | 'name'>[]): (number | null)[] {
  const count = text.split('\n').length;
  const heads = functions.map(({ line, name }) => head(text, line, name));
  return functions.map(({ line }, i) => {
    const at = heads[i] ?? null;
    if (at !== null && heads.filter((other) => other === at).length === 1) return at;
    return line <= count ? line : null;
  });
}

/** The declaration of that name at the line or nearest above it; where edits have moved it, the nearest below. */
function head(text: string, line: number, name: string | null): number | null {
  // `Agent.answer`, `async Agent.answer [as run]`, `shop.agent.answer`.
  const last = name?.replace(/\s*\[as .*$/, '').match(/[\p{L}\p{N}_$]+/gu)?.at(-1);
  if (last === undefined) return null;
  const lines = definitionLines(text, last);
  return lines.findLast((at) => at <= line) ?? lines[0] ?? null;
}
