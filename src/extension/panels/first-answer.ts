import { canonicalJson } from '../../core/json.ts';

/**
 * Has ready what a page asks first: it is asked for while the page still loads. Good for one time, for that very question, and
 * only until something changes.
 */
export class FirstAnswer<Question, Answer> {
  readonly #ask: (question: Question, signal: AbortSignal) => Promise<Answer>;
  #expected: { readonly key: string; readonly answer: Promise<Answer>; readonly asking: AbortController } | null;

  constructor(ask: (question: Question, signal: AbortSignal) => Promise<Answer>, expected: Question) {
    this.#ask = ask;
    const asking = new AbortController();
    const answer = ask(expected, asking.signal);
    // Whoever takes it hears of its failure.
    answer.catch(() => undefined);
    this.#expected = { key: canonicalJson(expected), answer, asking };
  }

  /** What was asked for may be out of date, or nobody will ask for it. Whoever has taken it already still gets it. */
  forget(): void {
    this.#expected?.asking.abort();
    this.#expected = null;
  }

  /** `signal`: of whoever asks. */
  to(question: Question, signal: AbortSignal): Promise<Answer> {
    const expected = this.#expected;
    this.#expected = null;
    if (expected === null || expected.key !== canonicalJson(question)) {
      expected?.asking.abort();
      return this.#ask(question, signal);
    }
    if (signal.aborted) expected.asking.abort();
    else signal.addEventListener('abort', () => expected.asking.abort(), { once: true });
    return expected.answer;
  }
}
