import { describe, expect, test } from 'vitest';
import { compareTexts, differenceOfTexts, type Piece } from '../../../src/core/compare/words.ts';
import { seededRandom } from '../../../src/core/stats/random.ts';

/** Changed pieces in brackets, a bar between blocks. */
const shown = (pieces: readonly Piece[]): string => pieces.map(({ text, changed }) => (changed ? `[${text}]` : text)).join('');
const difference = (a: string, b: string) => compareTexts(a, b).map((block) => (block.same ? `=${shown(block.a)}` : `${shown(block.a)} → ${shown(block.b)}`));
const whole = (pieces: readonly Piece[]): string => pieces.map(({ text }) => text).join('');

describe('what two texts have in common', () => {
  test('equal lines stay, words are told within replaced ones', () => {
    expect(difference('Dear Ana,\nthe plan is Pro now\nBye', 'Dear Ana,\nthe plan is Free now\nBye')).toEqual(['=Dear Ana,\n', 'the plan is [Pro] now\n → the plan is [Free] now\n', '=Bye']);
  });
  test('one mark for words that changed together', () => {
    expect(difference('The card shows it twice today', 'The checkout page froze today')).toEqual(['The [card shows it twice] today → The [checkout page froze] today']);
  });
  test('lines that one side has alone', () => {
    expect(difference('a\nb\n', 'a\nx y\nb\n')).toEqual(['=a\n', ' → [x y\n]', '=b\n']);
    expect(difference('', 'a')).toEqual([' → [a]']);
    expect(compareTexts('', '')).toEqual([]);
  });
  test('without a common word no character is called common', () => {
    expect(difference('(billing).', '(technical).')).toEqual(['[(billing).] → [(technical).]']);
  });
  test('a final line end counts', () => {
    expect(difference('a b', 'a b\n')).toEqual(['a b → a b[\n]']);
  });
  test('writing without blanks is told by its characters', () => {
    expect(difference('我们今天去公园', '我们明天去公园')).toEqual(['我们[今]天去公园 → 我们[明]天去公园']);
  });
  test('an emoji changes as it is seen, never by half', () => {
    expect(difference('ok 👩‍💻 done', 'ok 👩‍🔬 done')).toEqual(['ok [👩‍💻] done → ok [👩‍🔬] done']);
    expect(difference('ok 👍🏽', 'ok 👍')).toEqual(['ok [👍🏽] → ok [👍]']);
  });
  test('what was added stands where a person would put it', () => {
    expect(difference('Choose one. Return JSON.\nBye', 'Choose one. A failed payment is technical. Return JSON.\nBye')[0]).toBe('Choose one. Return JSON.\n → Choose one.[ A failed payment is technical.] Return JSON.\n');
    expect(difference('say one or other.\n', 'say one or other. A failed payment is technical.\n')).toEqual(['say one or other.\n → say one or other.[ A failed payment is technical.]\n']);
  });
  test('a long text in which everything moved is cut at what is there just once', () => {
    const words = Array.from({ length: 3000 }, (_, i) => `word${i}`);
    const moved = words.map((word, i) => (i % 5 === 0 ? `other${i}` : word)).join(' ');
    const [block] = compareTexts(words.join(' '), moved);
    const kept = block?.b.filter((piece) => !piece.changed).map((piece) => piece.text).join('') ?? '';
    expect(kept.match(/\w+/g)).toHaveLength(2400);
  });
});

describe('of any two texts', () => {
  const random = seededRandom(4);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const PIECES = ['a', 'b', 'the', 'refund', ' ', ' ', ' ', '\n', '\n\n', '\r\n', '\t', '{', '": "', ',', '😀', '\u{1F468}\u200D\u{1F4BB}', '\uD800', 'é', 'e\u0301', '漢', '字', '\u0000', '-', '0.5'];
  const text = (length: number): string => Array.from({ length }, () => pick(PIECES)).join('');
  const edited = (from: string): string => Array.from({ length: 4 }).reduce<string>((now) => {
    const at = Math.floor(random() * (now.length + 1));
    return now.slice(0, at) + (random() < 0.5 ? text(3) : '') + now.slice(at + Math.floor(random() * 6));
  }, from);

  test('the pieces of a side are its text, and what is common is in both', () => {
    for (let round = 0; round < 400; round++) {
      const a = text(Math.floor(random() * 120));
      const b = round % 3 === 0 ? text(Math.floor(random() * 120)) : edited(a);
      const blocks = compareTexts(a, b);
      expect(blocks.map((block) => whole(block.a)).join('')).toBe(a);
      expect(blocks.map((block) => whole(block.b)).join('')).toBe(b);
      // Takes a to b, as a patch does: what is not changed is kept, the rest is b's.
      for (const block of blocks) {
        const common = (pieces: readonly Piece[]) => pieces.filter((piece) => !piece.changed).map((piece) => piece.text).join('');
        if (block.same) expect(whole(block.a)).toBe(whole(block.b));
        // A blank within one mark is counted to it, on one side perhaps and not on the other.
        expect(common(block.a).replace(/\s/g, '')).toBe(common(block.b).replace(/\s/g, ''));
      }
      expect(blocks.some((block) => !block.same)).toBe(a !== b);
    }
  });

  test('work grows with the length, not with its square: texts that differ everywhere too', () => {
    const steps = (length: number): number => {
      const [a, b] = [1, 2].map((turn) => Array.from({ length }, (_, i) => `${(i * 7919 * turn) % 997}${i % 13 === 0 ? '\n' : ''}`).join(' '));
      const all = differenceOfTexts(a ?? '', b ?? '');
      let count = 0;
      while (all.next().done !== true) count++;
      return count;
    };
    expect(steps(32_000) / steps(8_000)).toBeLessThan(8);
  });
});
