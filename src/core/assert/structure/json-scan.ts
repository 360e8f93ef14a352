const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/uy;
const WORD = /true|false|null/uy;
const SPACE = /[ \t\r\n]*/uy;

/** The outermost JSON objects in a text, in order; anything that is not JSON to the letter is passed over. */
export function* jsonObjects(text: string): Generator<unknown> {
  const begin = /\{(?=[ \t\r\n]*["}])/gu;
  for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
    const end = objectEnd(text, found.index);
    if (end === null) continue;
    yield JSON.parse(text.slice(found.index, end));
    begin.lastIndex = end;
  }
}

/** Where the object that begins at `start` ends; `null` when the text is not JSON from there on. Fails at the first wrong character. */
function objectEnd(text: string, start: number): number | null {
  const open: ('{' | '[')[] = [];
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
  for (;;) {
    match(SPACE);
    if (wants === 'value') {
      const char = text[at];
      if (char === '{' || char === '[') {
        open.push(char);
        at++;
        match(SPACE);
        if (skip(char === '{' ? '}' : ']')) {
          open.pop();
          wants = 'after';
        } else wants = char === '{' ? 'key' : 'value';
      } else if (match(STRING) || match(NUMBER) || match(WORD)) wants = 'after';
      else return null;
    } else if (wants === 'key') {
      if (!match(STRING)) return null;
      match(SPACE);
      if (!skip(':')) return null;
      wants = 'value';
    } else {
      const inside = open.at(-1);
      if (skip(',')) wants = inside === '{' ? 'key' : 'value';
      else if (skip(inside === '{' ? '}' : ']')) open.pop();
      else return null;
    }
    if (wants === 'after' && open.length === 0) return at;
  }
}
