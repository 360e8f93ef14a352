/**
 * Where a text is cut so that what repeats from call to call is stored once. A conversation travels as a JSON list that grows by a
 * message or two with each call: the text is cut around the elements of such lists. Nothing is parsed, so a text that is no JSON, or
 * JSON that was truncated, is cut somewhere too; the pieces joined are always the text.
 */

/** Shorter texts are not worth a row of their own. */
export const SHORTEST_CHUNK = 96;
/** Elements longer than this are looked into: a message whose parts are an image and a caption. */
const LOOK_INTO = 16_384;
/** Deeper nesting is somebody's attack; the element is one piece. */
const DEEPEST = 12;

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** A half-open range of the text that is a chunk; what lies between two of them is kept where it is. */
export type Cut = readonly [from: number, to: number];

/** Elements of lists of objects that are long enough, in their order. Empty: the text is no such JSON. */
export function cutsOf(text: string): Cut[] {
  const cuts: Cut[] = [];
  const first = text.charCodeAt(0);
  if (first === OPEN_LIST || first === OPEN_OBJECT) cutRange(text, 0, text.length, cuts, 0);
  return cuts;
}

function cutRange(text: string, from: number, to: number, cuts: Cut[], looks: number): void {
  /** For each open bracket whether it is a list. */
  const lists: boolean[] = [];
  /** Depth at which the element that is being read began, and where; 0: none. */
  let elementDepth = 0;
  let elementFrom = 0;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at + 1, to);
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      if (elementDepth === 0 && code === OPEN_OBJECT && lists.at(-1) === true) {
        elementDepth = lists.length + 1;
        elementFrom = at;
      }
      lists.push(code === OPEN_LIST);
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
      if (elementDepth !== 0 && lists.length === elementDepth) {
        addElement(text, elementFrom, at + 1, cuts, looks);
        elementDepth = 0;
      }
      lists.pop();
    }
  }
  // Truncated: the last element has no end, and is the same text the next time it is cut there.
  if (elementDepth !== 0 && to - elementFrom >= SHORTEST_CHUNK) cuts.push([elementFrom, to]);
}

function addElement(text: string, from: number, to: number, cuts: Cut[], looks: number): void {
  if (to - from < SHORTEST_CHUNK) return;
  if (to - from > LOOK_INTO && looks < DEEPEST) {
    const before = cuts.length;
    cutRange(text, from + 1, to - 1, cuts, looks + 1);
    // One part makes nothing smaller
    if (cuts.length > before + 1) return;
    cuts.length = before;
  }
  cuts.push([from, to]);
}

/** The position of the closing quote of the string whose content starts at `from`; `to` when it never closes. */
function endOfString(text: string, from: number, to: number): number {
  for (let quote = text.indexOf('"', from); quote >= 0 && quote < to; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (quote - 1 - backslashes >= from && text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote;
  }
  return to;
}
