import { answerError, type SourceSubject } from '../errors.ts';
import { MOST_PAGES } from './shared.ts';

/** A cursor travels in an address. */
const LONGEST_CURSOR = 8192;

/** The way through a list, page by page: it ends, whatever the source says. */
export class Pages {
  readonly #subject: SourceSubject;
  readonly #most: number;
  readonly #marks = new Set<string>();
  #count = 0;
  #state: 'whole' | 'cut' | 'repeated' = 'whole';
  /** Of the page to ask for; `null`: the first. */
  cursor: string | null = null;

  constructor(subject: SourceSubject, most = MOST_PAGES) {
    this.#subject = subject;
    this.#most = most;
  }

  /**
   * Whether there is another page to ask for. `mark`: its cursor, or, where pages have numbers, what tells this page from others;
   * `null`: this was the last one. @throws SourceError on a cursor that is none
   */
  goOn(mark: string | null): boolean {
    this.#count++;
    if (mark === null) return false;
    if (mark.length > LONGEST_CURSOR) throw answerError('sent a cursor that fits into no address', '', this.#subject, false);
    // A source that leads back to what it gave before would be asked for ever.
    if (this.#marks.has(mark)) this.#state = 'repeated';
    else if (this.#count >= this.#most) this.#state = 'cut';
    else {
      this.#marks.add(mark);
      this.cursor = mark;
      return true;
    }
    return false;
  }

  /** What is missing, in a sentence. `items`: what the pages have, `count`: how many came. */
  notes(items: string, count: number): string[] {
    if (this.#state === 'whole') return [];
    return [this.#state === 'cut' ? `${items} beyond ${count.toLocaleString('en')} were left out.` : `${this.#subject.vendor} led back to a page that it had given before: ${items.toLowerCase()} may be missing.`];
  }
}
