import { canonicalJson } from '../../core/json.ts';

/**
 * Has ready what a page asks first: it is asked for while the page still loads. Good for one time, for that very question, and
 * only until something changes.
 */
export class FirstAnswer<Question, Answer> {
  readonly #ask: (question: Question) => Promise<Answer>;
  #expected: { readonly key: string; readonly answer: Promise<Answer> } | null;

  constructor(ask: (question: Question) => Promise<Answer>, expected: Question) {
    this.#ask = ask;
    const answer = ask(expected);
    // Whoever takes it hears of its failure.
    answer.catch(() => undefined);
    this.#expected = { key: canonicalJson(expected), answer };
  }

  /** What was asked for may be out of date. */
  forget(): void {
    this.#expected = null;
  }

  to(question: Question): Promise<Answer> {
    const expected = this.#expected;
    this.#expected = null;
    return expected !== null && expected.key === canonicalJson(question) ? expected.answer : this.#ask(question);
  }
}
