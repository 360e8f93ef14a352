import { meanInterval } from '../stats/mean.ts';
import { wilsonInterval } from '../stats/proportion.ts';

/** A rate of passed cells with its 95 % interval. `n` counts the cells that have an answer. */
export interface Rate {
  readonly passed: number;
  readonly n: number;
  readonly rate: number | null;
  readonly interval: readonly [number, number] | null;
}

/**
 * Counts passes as cells go by. One repeat: Wilson's interval. With repeats these are averaged first and the interval is
 * that of the means (docs/statistics), so the cells of one case and model must follow each other.
 */
export class RateCounter {
  readonly #repeated: boolean;
  readonly #means: number[] = [];
  #unit: string | null = null;
  #unitPassed = 0;
  #unitCells = 0;
  #passed = 0;
  #cells = 0;

  constructor(repeats: number) {
    this.#repeated = repeats > 1;
  }

  /** `unit`: one case with one model. */
  add(unit: string, pass: boolean): void {
    if (this.#repeated && unit !== this.#unit) this.#closeUnit(unit);
    this.#cells++;
    this.#unitCells++;
    if (pass) {
      this.#passed++;
      this.#unitPassed++;
    }
  }

  result(): Rate {
    if (this.#repeated) this.#closeUnit(null);
    const n = this.#cells;
    if (n === 0) return { passed: 0, n, rate: null, interval: null };
    const interval = this.#repeated ? (meanInterval(this.#means, [0, 1]) ?? wilsonInterval(this.#passed, n)) : wilsonInterval(this.#passed, n);
    return { passed: this.#passed, n, rate: this.#passed / n, interval };
  }

  #closeUnit(next: string | null): void {
    if (this.#unitCells > 0) this.#means.push(this.#unitPassed / this.#unitCells);
    this.#unit = next;
    this.#unitPassed = 0;
    this.#unitCells = 0;
  }
}
