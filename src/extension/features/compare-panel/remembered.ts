import * as v from 'valibot';
import type * as vscode from 'vscode';
import { comparisonRef } from '../../../protocol/compare-panel-decode.ts';
import type { ComparisonRef } from '../../../protocol/compare.ts';
import type { ComparisonTarget } from '../../compare/start.ts';

const KEY = 'touchstone.comparisons';
/** More panels than this nobody has open over a reload. */
const MOST = 30;

const rememberedSchema = v.array(v.object({
  folder: v.string(),
  asked: v.object({ sides: v.array(v.string()), dataset: v.optional(v.string()), repeats: v.optional(v.number()) }),
  comparisons: v.pipe(v.array(comparisonRef), v.minLength(1)),
}));

/** What panels compare, by the runs that they show: so that after a reload they can still run what changed. */
export class RememberedComparisons {
  readonly #state: vscode.Memento;

  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  note(target: ComparisonTarget): void {
    const refs = new Set(target.comparisons.map(refKey));
    const others = this.#all().filter((known) => !known.comparisons.some((ref) => refs.has(refKey(ref))));
    void this.#state.update(KEY, [target, ...others].slice(0, MOST));
  }

  find(ref: ComparisonRef): ComparisonTarget | undefined {
    return this.#all().find((known) => known.comparisons.some((one) => refKey(one) === refKey(ref)));
  }

  #all(): readonly ComparisonTarget[] {
    const parsed = v.safeParse(rememberedSchema, this.#state.get(KEY, []));
    return parsed.success ? parsed.output : [];
  }
}

export function refKey({ a, b }: ComparisonRef): string {
  return `${a.runId}/${a.modelIndex} ${b.runId}/${b.modelIndex}`;
}
