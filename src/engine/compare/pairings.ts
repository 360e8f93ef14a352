import type { PairedCase, Side } from '../../core/compare/model.ts';
import type { ModelPrice, ModelRef } from '../../core/model/model.ts';
import type { StoredPlan } from '../../core/eval/plan.ts';
import { TouchstoneError } from '../../core/errors.ts';
import { readCaseFacts, type CaseFacts } from '../../node/sqlite/case-facts.ts';
import type { RunStore, StoredRun } from '../../node/sqlite/run-store.ts';
import { changedOutputs, readSide, type SideCells } from '../../node/sqlite/side-cells.ts';
import { VerdictStore, type VerdictRow } from '../../node/sqlite/verdict-store.ts';
import type { ComparisonRef, RunSide } from '../../protocol/compare.ts';
import type { Evals } from '../evals.ts';
import { mapInSteps } from '../steps.ts';
import type { Workspace } from '../workspace.ts';
import { asAsked } from './asked.ts';

/** Pairings that are kept, of the comparisons that were looked at last: each holds some objects for every case. */
const KEPT = 6;

/** Two sides with their cells, case by case, as they are at one revision. */
export interface Pairing {
  readonly ref: ComparisonRef;
  readonly runs: Readonly<Record<Side, StoredRun>>;
  readonly revision: number;
  readonly facts: CaseFacts;
  readonly cells: Readonly<Record<Side, SideCells>>;
  /** By case: the outputs that are shown differ. */
  readonly changed: Uint8Array;
  /** With the slices that cases have without being asked for one: tags, and fields of their metadata. */
  readonly cases: readonly PairedCase[];
  readonly verdicts: ReadonlyMap<number, VerdictRow>;
}

/** Reads the sides of comparisons from the store, and keeps those that were looked at last until a cell or a verdict changes. */
export class Pairings {
  readonly #workspace: Workspace;
  readonly #evals: Evals;
  readonly #kept = new Map<string, { readonly revision: number; readonly pairing: Promise<Pairing> }>();
  /** Cases never change once a run is planned. */
  readonly #facts = new Map<number, Promise<CaseFacts>>();

  constructor(workspace: Workspace, evals: Evals) {
    this.#workspace = workspace;
    this.#evals = evals;
  }

  /** @throws TouchstoneError 'not-found' */
  runsOf(ref: ComparisonRef, store: RunStore): Record<Side, StoredRun> {
    return { a: runOf(ref.a, store), b: runOf(ref.b, store) };
  }

  /** Grows with every cell that finishes and every verdict. */
  revisionOf(ref: ComparisonRef, { a, b }: Readonly<Record<Side, StoredRun>>, store: RunStore): number {
    const ofRun = (run: StoredRun): number => this.#evals.live(run).revision + (this.#isElsewhere(run) ? store.finishedOrdinals(run).length : 0);
    return ofRun(a) + (a.n === b.n ? 0 : ofRun(b)) + new VerdictStore(store.database).changes({ run: a, modelIndex: ref.a.modelIndex }, { run: b, modelIndex: ref.b.modelIndex });
  }

  async get(ref: ComparisonRef): Promise<Pairing> {
    const store = await this.#workspace.store();
    const runs = this.runsOf(ref, store);
    const revision = this.revisionOf(ref, runs, store);
    // In a list `undefined`, as the run was started, would be `null`, as the file.
    const key = JSON.stringify([ref.a, ref.b].map(({ runId, modelIndex, as, named }) => ({ runId, modelIndex, as, named })));
    const known = this.#kept.get(key);
    if (known?.revision === revision) return known.pairing;
    const pairing = this.#read(ref, runs, revision, store);
    this.#kept.delete(key);
    this.#kept.set(key, { revision, pairing });
    for (const old of this.#kept.keys()) if (this.#kept.size > KEPT) this.#kept.delete(old);
    pairing.catch(() => this.#kept.delete(key));
    return pairing;
  }

  facts(run: StoredRun, store: RunStore): Promise<CaseFacts> {
    let facts = this.#facts.get(run.n);
    if (facts === undefined) {
      facts = readCaseFacts(store, run);
      facts.catch(() => this.#facts.delete(run.n));
    }
    this.#facts.delete(run.n);
    this.#facts.set(run.n, facts);
    for (const old of this.#facts.keys()) if (this.#facts.size > KEPT) this.#facts.delete(old);
    return facts;
  }

  /** A run that another process works on tells nothing until it ends: its cells are counted. */
  #isElsewhere(run: StoredRun): boolean {
    return run.info.status === 'running' && this.#evals.active(run.info.id) === undefined;
  }

  async #read(ref: ComparisonRef, runs: Readonly<Record<Side, StoredRun>>, revision: number, store: RunStore): Promise<Pairing> {
    // The cases are those of the side that is compared: tags may have been added since the baseline ran.
    const facts = await this.facts(runs.b, store);
    const side = async (which: Side): Promise<SideCells> => {
      const cells = await readSide(store, runs[which], ref[which].modelIndex, () => this.#price(ref[which], runs[which], store));
      return runs[which].info.models[ref[which].modelIndex]?.kind === 'local' ? withoutLatency(cells) : cells;
    };
    const [a, b] = [await side('a'), await side('b')];
    const changed = await changedOutputs(store, runs.a, runs.b, { a: a.shown, b: b.shown });
    const verdicts = new VerdictStore(store.database).all({ run: runs.a, modelIndex: ref.a.modelIndex }, { run: runs.b, modelIndex: ref.b.modelIndex });
    const fields = [...facts.fields].filter(([, { from }]) => from === 'metadata').map(([name]) => name);
    const count = Math.min(a.outputs.length, b.outputs.length);
    const indices = Array.from({ length: count }, (_, i) => i);
    const slices = slicesBy(facts, fields);
    const cases = await mapInSteps(indices, (i): PairedCase => ({ caseId: facts.caseIds[i] ?? '', cluster: facts.clusters[i] ?? null, slices: slices(i), a: a.outputs[i]!, b: b.outputs[i]! }));
    return { ref, runs, revision, facts, cells: { a, b }, changed, cases, verdicts };
  }

  /** The price now, for answers from the cache: their cells cost nothing. What judges cost is not known of those, so nothing is where a judge was asked. */
  async #price(side: RunSide, run: StoredRun, store: RunStore): Promise<ModelPrice | null> {
    if (run.info.judge !== null) return null;
    const model: ModelRef | undefined = (store.plan(run) as StoredPlan).models[side.modelIndex];
    if (model === undefined) return null;
    const files = this.#workspace.files();
    const catalog = this.#workspace.catalog(await this.#workspace.config(files));
    try {
      // Asking for a price asks nobody else; a model that is not configured any more has none.
      return await catalog.resolve(model).then((resolved) => catalog.price(resolved), () => null);
    } finally {
      await catalog.dispose();
    }
  }
}

/**
 * The built-in models share one worker, which remembers the texts that it has seen: how long an answer took says who asked first, and
 * nothing about a prompt.
 */
function withoutLatency(cells: SideCells): SideCells {
  return { ...cells, outputs: cells.outputs.map((outputs) => ({ ...outputs, latencyMs: outputs.latencyMs.map(() => null) })) };
}

/** The cases with the slices of one field, be it of their variables; `null`: those that they have by themselves. */
export function slicedBy(pairing: Pairing, field: string | null): readonly PairedCase[] {
  if (field === null || field === 'tag') return pairing.cases;
  const slices = slicesBy(pairing.facts, [field]);
  return pairing.cases.map((item, i) => ({ ...item, slices: slices(i) }));
}

/** The slices of a case by its index: its tags, then its values of the fields, each once. Cases of one slice share its name: there are few slices and thousands of cases. */
function slicesBy({ tags, fields }: CaseFacts, wanted: readonly string[]): (caseIndex: number) => readonly string[] {
  const columns = wanted.map((field) => ({ field, values: fields.get(field)?.values ?? [], names: new Map<string, string>() }));
  return (caseIndex) => {
    const slices: string[] = [];
    for (const tag of tags[caseIndex] ?? []) if (!slices.includes(tag)) slices.push(tag);
    for (const { field, values, names } of columns) {
      for (const value of values[caseIndex] ?? []) {
        let name = names.get(value);
        if (name === undefined) names.set(value, (name = `${field}=${value}`));
        if (!slices.includes(name)) slices.push(name);
      }
    }
    return slices;
  };
}

function runOf(side: RunSide, store: RunStore): StoredRun {
  const { runId, modelIndex } = side;
  const run = asAsked(store.get(runId), side);
  if (modelIndex >= run.info.models.length) throw new TouchstoneError('not-found', `Run ${runId} has no model number ${modelIndex + 1}.`);
  return run;
}
