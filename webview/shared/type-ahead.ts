/** Letters that follow each other faster than this are one word. */
const TYPING_MS = 700;

/** What is typed while a list has the keyboard: the beginning of the name that the person looks for. */
export class TypeAhead {
  #text = '';
  #at = -Infinity;

  /** A word has begun, and the next letter would go on with it. */
  get isTyping(): boolean {
    return performance.now() - this.#at < TYPING_MS;
  }

  /** `isNew`: the letter begins a word, and the search with it behind the present row; while a word grows the present row may still fit. */
  add(letter: string): { readonly text: string; readonly isNew: boolean } {
    const isNew = !this.isTyping;
    this.#text = isNew ? letter : this.#text + letter;
    this.#at = performance.now();
    return { text: this.#text, isNew };
  }
}
