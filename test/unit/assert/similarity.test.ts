import { stemmer } from 'stemmer';
import { describe, expect, it } from 'vitest';
import { bleuScore } from '../../../src/core/assert/similarity/bleu.ts';
import { gleuScore } from '../../../src/core/assert/similarity/gleu.ts';
import { editDistance } from '../../../src/core/assert/similarity/levenshtein.ts';
import { meteorScore } from '../../../src/core/assert/similarity/meteor.ts';
import { rouge1 } from '../../../src/core/assert/similarity/rouge.ts';
import { treebankTokens } from '../../../src/core/assert/similarity/tokens.ts';

/** The sentences of NLTK's documentation, taken from Papineni et al. */
const GUIDE = 'It is a guide to action which ensures that the military always obeys the commands of the party';
const REFERENCES = [
  'It is a guide to action that ensures that the military will forever heed Party commands',
  'It is the guiding principle which guarantees the military forces always being under the command of the Party',
  'It is the practical guide for the army always to heed the directions of the party',
];
const [REFERENCE = ''] = REFERENCES;

describe('BLEU', () => {
  it("gives the value of NLTK's documentation", () => {
    expect(bleuScore(GUIDE, REFERENCES)).toBeCloseTo(0.5045666840058485, 14);
  });

  it('counts a word at most as often as one reference has it', () => {
    // "the" ×7 against "the cat is on the mat": 2 of 7 single words, no pair; orders 2 to 4 are smoothed.
    expect(bleuScore('the the the the the the the', ['the cat is on the mat'])).toBeCloseTo(((2 / 7) * 1e-7 ** 3) ** (1 / 4), 12);
  });

  it('takes the shorter of two references that are equally near in length', () => {
    // Four words against references of three and five: the shorter one, so no penalty.
    expect(bleuScore('a b c d', ['a b c', 'a b c d e'])).toBe(1);
  });
});

describe('GLEU', () => {
  // NLTK's sentence_gleu gives 0.454545, 0.789474 and 0.409091 for these.
  it.each([
    [GUIDE, REFERENCE, 30 / 66],
    ['he read the book because he was interested in world history', 'he was interested in world history because he read the book', 30 / 38],
    ['the cat the cat on the mat', 'the cat is on the mat', 9 / 22],
  ])('%s', (text, reference, score) => {
    expect(gleuScore(text, [reference])).toBeCloseTo(score, 12);
  });

  it('is 0 where nothing is left to compare', () => {
    expect(gleuScore('…', ['!'])).toBe(0);
  });
});

describe('ROUGE-1', () => {
  it('is the F-measure of single tokens', () => {
    // 7 tokens each (the full stop is one), 6 shared: 2·6/14.
    expect(rouge1('The cat is on the mat.', 'The cat sat on the mat.')).toBeCloseTo(12 / 14, 12);
  });

  it("takes words apart as NLTK's TreebankWordTokenizer does", () => {
    expect(treebankTokens(`He'll say "don't go", can't you? (it's $3.88 in New York.) I cannot... end, 3,000 items; a--b`)).toEqual(
      "he 'll say `` do n't go '' , ca n't you ? ( it 's $ 3.88 in new york. ) i can not ... end , 3,000 items ; a -- b".split(' '),
    );
  });
});

describe('METEOR', () => {
  // NLTK's single_meteor_score, with Porter's original stemmer and without WordNet.
  it.each([
    [GUIDE, REFERENCE, 0.694444],
    ['the cats were running happily towards houses', 'a cat runs happy to the house the cat', 0.358665],
    ['The automobile was parked in a large garage', 'A big car stood in the garages', 0.28169],
    ['this is a cat', 'non matching hypothesis', 0],
  ])('%s', (text, reference, score) => {
    expect(meteorScore(text, reference, { stem: stemmer })).toBeCloseTo(score, 6);
  });

  it('matches synonyms last, when it is given any', () => {
    const synonyms = (word: string): ReadonlySet<string> => new Set(word === 'large' ? ['large', 'big'] : word === 'automobile' ? ['automobile', 'car'] : [word]);
    const without = meteorScore('a large automobile', 'a big car', { stem: stemmer });
    // One match of three without; with synonyms all three in one chunk: 1 · (1 − 0.5·(1/3)³).
    expect(without).toBeCloseTo((1 / 3) * 0.5, 12);
    expect(meteorScore('a large automobile', 'a big car', { stem: stemmer, synonyms })).toBeCloseTo(1 - 0.5 / 27, 12);
  });
});

describe('edit distance', () => {
  it.each([
    ['kitten', 'sitting', 3],
    ['flaw', 'lawn', 2],
    ['', 'abc', 3],
    ['same', 'same', 0],
    ['gumbo', 'gambol', 2],
  ])('%s, %s', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});
