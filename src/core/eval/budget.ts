/**
 * The hard limit of a run. Before a request its highest likely cost is reserved; when the answer's cost is known the
 * reservation is replaced by it. A request that could exceed the limit is not sent: it waits while others are under way
 * (they may turn out cheaper) and ends the run when none is left.
 */
export class Budget {
  readonly #limit: number | null;
  readonly #onChange: ((usd: number) => void) | undefined;
  readonly #shared: Budget | undefined;
  #spent = 0;
  #reserved = 0;
  #waiting: (() => void)[] = [];

  /**
   * `onChange`: told what may be spent by now (reservations included) whenever that changes, so that a run that resumes goes on from there.
   * `shared`: the limit of several runs together, which holds beside this one's own.
   */
  constructor(limitUsd: number | null, spentUsd = 0, onChange?: (usd: number) => void, shared?: Budget) {
    this.#limit = limitUsd;
    this.#spent = spentUsd;
    this.#onChange = onChange;
    this.#shared = shared;
  }

  get limited(): boolean {
    return this.#limit !== null || this.#shared?.limited === true;
  }

  get spent(): number {
    return this.#spent;
  }

  /** @returns `false` when the limit does not allow it and nothing under way could change that */
  async reserve(usd: number): Promise<boolean> {
    if (this.#shared !== undefined && !(await this.#shared.reserve(usd))) return false;
    if (await this.#reserveOwn(usd)) return true;
    this.#shared?.settle(usd, 0);
    return false;
  }

  async #reserveOwn(usd: number): Promise<boolean> {
    if (this.#limit === null) return true;
    while (!this.#allows(usd)) {
      if (this.#reserved === 0) return false;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#reserved += usd;
    this.#tell();
    return true;
  }

  /** `cost` null: unknown (a cut attempt), so the reservation counts as spent. */
  settle(reservedUsd: number, cost: number | null): void {
    this.#shared?.settle(reservedUsd, cost);
    if (this.#limit !== null) {
      this.#reserved -= reservedUsd;
      // Sums of fractions leave dust; nothing reserved must be exactly nothing.
      if (this.#reserved < 1e-12) this.#reserved = 0;
    }
    this.#spent += cost ?? reservedUsd;
    this.#tell();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Why a reservation was refused, for the person who set the limit. */
  explain(usd: number): string {
    if (this.#shared !== undefined && !this.#shared.#allows(usd)) return this.#shared.explain(usd);
    return `The budget of $${this.#limit ?? 0} does not allow another request: $${this.#spent.toPrecision(3)} are spent and the next one may cost $${usd.toPrecision(2)}. Raise the budget, or limit the length of an answer (max tokens).`;
  }

  #allows(usd: number): boolean {
    return this.#limit === null || this.#spent + this.#reserved + usd <= this.#limit;
  }

  #tell(): void {
    if (this.#limit !== null) this.#onChange?.(this.#spent + this.#reserved);
  }
}
