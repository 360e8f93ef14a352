const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/uy;
const WORD = /true|false|null/uy;
const SPACE = /[ \t\r\n]*/uy;

/** Where an object that begins at a place ends; `null`: it does not. */
type Ends = Map<number, number | null>;

/** The outermost JSON objects in a text, in order; anything that is not JSON to the letter is passed over. */
export function* jsonObjects(text: string): Generator<unknown> {
  const begin = /\{(?=[ \t\r\n]*["}])/gu;
  const ends: Ends = new Map();
  for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
    const known = ends.get(found.index);
    const end = known === undefined ? objectEnd(text, found.index, ends) : known;
    if (end === null) continue;
    yield JSON.parse(text.slice(found.index, end));
    begin.lastIndex = end;
  }
}

/**
 * Where the object that begins at `start` ends; `null` when the text is not JSON from there on. Fails at the first wrong character; the
 * objects within that were passed until then are added to `ends`, because reading each of them again would take time with the square of the text.
 */
function objectEnd(text: string, start: number, ends: Ends): number | null {
  const open: { readonly kind: '{' | '['; readonly from: number }[] = [];
  const closed: (readonly [from: number, end: number])[] = [];
  let at = start;
  let wants: 'value' | 'key' | 'after' = 'value';
  const match = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const skip = (char: string): boolean => {
    if (text[at] !== char) return false;
    at++;
    return true;
  };
  const close = (): void => {
    const inner = open.pop();
    if (inner?.kind === '{') closed.push([inner.from, at]);
  };
  const fail = (): null => {
    for (const { kind, from } of open) if (kind === '{') ends.set(from, null);
    for (const [from, end] of closed) ends.set(from, end);
    return null;
  };
  for (;;) {
    match(SPACE);
    if (wants === 'value') {
      const char = text[at];
      if (char === '{' || char === '[') {
        open.push({ kind: char, from: at });
        at++;
        match(SPACE);
        if (skip(char === '{' ? '}' : ']')) {
          close();
          wants = 'after';
        } else wants = char === '{' ? 'key' : 'value';
      } else if (match(STRING) || match(NUMBER) || match(WORD)) wants = 'after';
      else return fail();
    } else if (wants === 'key') {
      if (!match(STRING)) return fail();
      match(SPACE);
      if (!skip(':')) return fail();
      wants = 'value';
    } else {
      const inside = open.at(-1)?.kind;
      if (skip(',')) wants = inside === '{' ? 'key' : 'value';
      else if (skip(inside === '{' ? '}' : ']')) close();
      else return fail();
    }
    if (wants === 'after' && open.length === 0) return at;
  }
}
