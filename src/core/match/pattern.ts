/**
 * What a template can become, as far as it can be known without its values. A prompt is found again by it: literal text must stand in
 * a rendered message as it is, values can be anything.
 */
export type Piece =
  | { readonly kind: 'literal'; readonly text: string }
  /** Stands in the text exactly as its value is. */
  | { readonly kind: 'variable'; readonly name: string }
  /** Something that a value cannot be read from: a filter's result, a loop, an expression. */
  | { readonly kind: 'gap' }
  | { readonly kind: 'choice'; readonly options: readonly (readonly Piece[])[] };

/** A pattern without choices: `literals[0] groups[0] literals[1] … groups[n-1] literals[n]`. Literals between two groups are never empty. */
export interface FlatPattern {
  readonly literals: readonly string[];
  /** What stands between two literals: one variable, or several values of which only the sum is known. */
  readonly groups: readonly (readonly (string | null)[])[];
  readonly literalLength: number;
}

/** More ways through its conditions than this are not tried one by one: the conditions then count as gaps. */
const MOST_VARIANTS = 32;

/** Every way through the choices of a pattern, bounded. */
export function flatten(pieces: readonly Piece[]): FlatPattern[] {
  let variants = 1;
  for (const piece of pieces) variants *= countOf(piece);
  return variants > MOST_VARIANTS ? [join(pieces.map((piece) => (piece.kind === 'choice' ? { kind: 'gap' } : piece)))] : expand(pieces).map(join);
}

function countOf(piece: Piece): number {
  if (piece.kind !== 'choice') return 1;
  return piece.options.reduce((sum, option) => sum + option.reduce((product, inner) => product * countOf(inner), 1), 0);
}

function expand(pieces: readonly Piece[]): Piece[][] {
  let ways: Piece[][] = [[]];
  for (const piece of pieces) {
    const tails = piece.kind === 'choice' ? piece.options.flatMap(expand) : [[piece]];
    ways = ways.flatMap((way) => tails.map((tail) => [...way, ...tail]));
  }
  return ways;
}

function join(pieces: readonly Piece[]): FlatPattern {
  const literals = [''];
  const groups: (string | null)[][] = [];
  let open: (string | null)[] | null = null;
  for (const piece of pieces) {
    if (piece.kind === 'literal') {
      if (piece.text === '') continue;
      if (open !== null) literals.push('');
      open = null;
      literals[literals.length - 1] += piece.text;
    } else if (piece.kind !== 'choice') {
      if (open === null) groups.push((open = []));
      open.push(piece.kind === 'variable' ? piece.name : null);
    }
  }
  if (open !== null) literals.push('');
  return { literals, groups, literalLength: literals.reduce((sum, { length }) => sum + length, 0) };
}
