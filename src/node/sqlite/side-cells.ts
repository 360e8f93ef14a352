import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CaseOutputs } from '../../core/compare/model.ts';
import type { CellMetrics } from '../../core/eval/summary.ts';
import { costOf } from '../../core/model/prices.ts';
import type { ModelPrice } from '../../core/model/model.ts';
import { SURELY_WHOLE } from './output-digest.ts';
import { shapeOf, type RunStore, type StoredRun } from './run-store.ts';

/** What a row of a comparison shows of one side. */
export interface ShownOutput {
  /** First line of the most frequent output, shortened. */
  readonly text: string;
  readonly multiline: boolean;
  /** Share of the answers that gave it, such as `2/3`; absent: all. */
  readonly agreement?: string;
  /** Of the first cell without an answer. */
  readonly error: string | null;
  /** A cell is still to come. */
  readonly waiting: boolean;
  /** Of the cell that gave the text; -1: there is none. */
  readonly ordinal: number;
  /** Of its output (`digestOf`); `null`: not known. */
  readonly digest: number | null;
}

/** One model of one run, case by case. */
export interface SideCells {
  readonly outputs: readonly CaseOutputs[];
  readonly shown: readonly ShownOutput[];
  /** Finished cells, those of them from the cache, and what they cost when they were made (US dollars; `null`: unknown). */
  readonly done: number;
  readonly cached: number;
  readonly cost: number | null;
}

/** Cells between two turns of the event loop: about 10 ms. */
const CELLS_AT_ONCE = 1500;
/** Different texts of metrics that are remembered. */
const KNOWN_METRICS = 1000;

/** Of one output a case, what many cases have is one list: thousands of them are read at once. */
const ONE_PASS = { unknown: [null], passed: [true], failed: [false] } as const;
const ONE_UNKNOWN = [null] as const;
/** Of scores, tokens and milliseconds most are small whole numbers. */
const ONE_WHOLE: readonly (readonly [number])[] = Array.from({ length: 2048 }, (_, value) => [value]);

type Row = [
  ordinal: number, error: string | null, pass: number | null, score: number | null, latency: number | null, cost: number | null, input: number | null,
  cachedInput: number | null, output: number | null, cached: number, preview: string, multiline: number, metrics: string | null, digest: number | null,
];

const COLUMNS = 'ordinal, error_code, pass, score, latency_ms, cost, input_tokens, cached_tokens, output_tokens, cached, preview, multiline, metrics, output_digest';

/**
 * The cells of one model of a run as a comparison needs them, read from the narrow rows alone.
 * `priceOf`: the model's price, asked for where an answer is from the cache: its cell cost nothing, the answer did. `null`: what those cost is unknown.
 */
export async function readSide(store: RunStore, run: StoredRun, modelIndex: number, priceOf: () => Promise<ModelPrice | null>): Promise<SideCells> {
  store.queue.commit();
  const { cases, models, repeats } = shapeOf(run.info);
  const perCase = models * repeats;
  const atOnce = Math.max(1, Math.floor(CELLS_AT_ONCE / perCase));
  const rows = store.database
    .prepare(`SELECT ${COLUMNS} FROM cell WHERE run = ? AND ordinal >= ? AND ordinal < ?${models === 1 ? '' : ` AND (ordinal / ${repeats}) % ${models} = ${modelIndex}`} ORDER BY ordinal`)
    .raw();
  const texts = new MetricTexts();
  const side = { outputs: [] as CaseOutputs[], shown: [] as ShownOutput[], done: 0, cached: 0, cost: 0 as number | null };
  let price: ModelPrice | null | undefined;
  for (let from = 0; from < cases; from += atOnce) {
    if (from > 0) await nextTurn();
    const to = Math.min(cases, from + atOnce);
    const found = rows.all(run.n, from * perCase, to * perCase) as Row[];
    if (price === undefined && found.some((row) => row[9] === 1)) price = await priceOf();
    let at = 0;
    for (let caseIndex = from; caseIndex < to; caseIndex++) {
      const first = (caseIndex * models + modelIndex) * repeats;
      const ofCase: Row[] = [];
      for (let row = found[at]; row !== undefined && row[0] < first + repeats; row = found[++at]) ofCase.push(row);
      for (const row of ofCase) {
        side.done++;
        side.cached += row[9];
        side.cost = side.cost === null || row[5] === null ? null : side.cost + row[5];
      }
      side.outputs.push(outputsOf(ofCase, first, repeats, price ?? null, texts));
      side.shown.push(shownOf(ofCase, repeats));
    }
  }
  return side;
}

type Named = Readonly<Record<string, readonly (number | null)[]>>;

const NO_METRICS: Named = {};

/** Reads what cells say of named metrics: most say the same as another one. */
class MetricTexts {
  readonly #known = new Map<string, { readonly values: readonly (readonly [name: string, value: number])[]; readonly single: Named }>();

  values(text: string): readonly (readonly [name: string, value: number])[] {
    return this.#read(text).values;
  }

  /** Of one output. */
  single(text: string): Named {
    return this.#read(text).single;
  }

  #read(text: string): { readonly values: readonly (readonly [name: string, value: number])[]; readonly single: Named } {
    let known = this.#known.get(text);
    if (known === undefined) {
      const values = Object.entries(JSON.parse(text) as CellMetrics).map(([name, [value]]) => [name, value] as const);
      known = { values, single: Object.fromEntries(values.map(([name, value]) => [name, [value]])) };
      if (this.#known.size < KNOWN_METRICS) this.#known.set(text, known);
    }
    return known;
  }
}

/** The same as `outputsOf`, where a case has one output. */
function outputOf(row: Row | undefined, price: ModelPrice | null, texts: MetricTexts): CaseOutputs {
  if (row === undefined || row[1] !== null) return { passes: ONE_PASS.unknown, scores: ONE_UNKNOWN, latencyMs: ONE_UNKNOWN, costs: ONE_UNKNOWN, tokens: ONE_UNKNOWN, named: NO_METRICS };
  // By position: taking a list apart would cost more than all the rest of this.
  const pass = row[2];
  const cached = row[9] === 1;
  return {
    passes: pass === null ? ONE_PASS.unknown : pass === 1 ? ONE_PASS.passed : ONE_PASS.failed,
    scores: one(row[3]),
    latencyMs: one(cached ? null : row[4]),
    costs: one(cached ? costOf({ input: row[6], cachedInput: row[7], output: row[8], reasoning: null }, price) : row[5]),
    tokens: one(row[6] === null || row[8] === null ? null : row[6] + row[8]),
    named: row[12] === null ? NO_METRICS : texts.single(row[12]),
  };
}

function one(value: number | null): readonly (number | null)[] {
  if (value === null) return ONE_UNKNOWN;
  return (Number.isInteger(value) && value >= 0 ? ONE_WHOLE[value] : undefined) ?? [value];
}

function outputsOf(rows: readonly Row[], first: number, repeats: number, price: ModelPrice | null, texts: MetricTexts): CaseOutputs {
  if (repeats === 1) return outputOf(rows[0], price, texts);
  const unknown = (): null[] => new Array<null>(repeats).fill(null);
  const passes: (boolean | null)[] = unknown();
  const scores: (number | null)[] = unknown();
  const latencyMs: (number | null)[] = unknown();
  const costs: (number | null)[] = unknown();
  const tokens: (number | null)[] = unknown();
  const named: Record<string, (number | null)[]> = {};
  for (const [ordinal, error, pass, score, latency, cost, input, cachedInput, output, cached, , , metrics] of rows) {
    const repeat = ordinal - first;
    // Without an answer there is nothing to compare, whatever was paid for the attempts.
    if (error !== null) continue;
    passes[repeat] = pass === null ? null : pass === 1;
    scores[repeat] = score;
    latencyMs[repeat] = cached === 1 ? null : latency;
    costs[repeat] = cached === 1 ? costOf({ input, cachedInput, output, reasoning: null }, price) : cost;
    tokens[repeat] = input === null || output === null ? null : input + output;
    if (metrics === null) continue;
    for (const [name, value] of texts.values(metrics)) {
      // A metric may be called anything, also as what every object has.
      if (!Object.hasOwn(named, name)) Object.defineProperty(named, name, { value: unknown(), enumerable: true });
      const values = named[name];
      if (values !== undefined) values[repeat] = value;
    }
  }
  return { passes, scores, latencyMs, costs, tokens, named };
}

function shownOf(rows: readonly Row[], repeats: number): ShownOutput {
  const [only] = rows;
  if (repeats === 1 && only !== undefined && only[1] === null) return { text: only[10], multiline: only[11] === 1, error: null, waiting: false, ordinal: only[0], digest: only[13] };
  const counts = new Map<string, { row: Row; count: number }>();
  let best: { row: Row; count: number } | undefined;
  let answered = 0;
  let error: string | null = null;
  for (const row of rows) {
    if (row[1] !== null) {
      error ??= row[10];
      continue;
    }
    answered++;
    const at = counts.get(row[10]) ?? { row, count: 0 };
    at.count++;
    counts.set(row[10], at);
  }
  for (const candidate of counts.values()) if (best === undefined || candidate.count > best.count) best = candidate;
  return {
    text: best?.row[10] ?? '',
    multiline: best?.row[11] === 1,
    ...(best !== undefined && best.count < answered ? { agreement: `${best.count}/${answered}` } : {}),
    error,
    waiting: rows.length < repeats,
    ordinal: best?.row[0] ?? -1,
    digest: best?.row[13] ?? null,
  };
}

/** Outputs of these cases alone, in their order. */
export function readOutputs(store: RunStore, run: StoredRun, modelIndex: number, caseIndices: readonly number[]): CaseOutputs[] {
  store.queue.commit();
  const { models, repeats } = shapeOf(run.info);
  const rows = store.database.prepare(`SELECT ${COLUMNS} FROM cell WHERE run = ? AND ordinal >= ? AND ordinal < ? ORDER BY ordinal`).raw();
  const texts = new MetricTexts();
  return caseIndices.map((caseIndex) => {
    const first = (caseIndex * models + modelIndex) * repeats;
    return outputsOf(rows.all(run.n, first, first + repeats) as Row[], first, repeats, null, texts);
  });
}

const BODIES_AT_ONCE = 400;
const SPACE = 'char(9, 10, 13, 32)';

/** Of each case whether the outputs that its row shows differ. White space around an output does not count. */
export async function changedOutputs(store: RunStore, a: StoredRun, b: StoredRun, shown: { readonly a: readonly ShownOutput[]; readonly b: readonly ShownOutput[] }): Promise<Uint8Array> {
  const changed = new Uint8Array(Math.min(shown.a.length, shown.b.length));
  const doubtful: [caseIndex: number, ordinalA: number, ordinalB: number][] = [];
  for (let i = 0; i < changed.length; i++) {
    const [x, y] = [shown.a[i], shown.b[i]];
    if (x === undefined || y === undefined || x.ordinal < 0 || y.ordinal < 0) continue;
    if (x.text !== y.text || x.multiline !== y.multiline) changed[i] = 1;
    else if (!x.multiline && x.text.length < SURELY_WHOLE) continue;
    else if (x.digest !== null && y.digest !== null) changed[i] = Number(x.digest !== y.digest);
    // Of runs from before there were digests.
    else doubtful.push([i, x.ordinal, y.ordinal]);
  }
  if (a.n === b.n && doubtful.every(([, x, y]) => x === y)) return changed;
  const differing = store.database
    .prepare(
      `SELECT json_extract(w.value, '$[0]') FROM json_each(?) w
         CROSS JOIN cell_body x ON x.run = ? AND x.ordinal = json_extract(w.value, '$[1]') CROSS JOIN cell_body y ON y.run = ? AND y.ordinal = json_extract(w.value, '$[2]')
        WHERE trim(json_extract(x.json, '$.output'), ${SPACE}) IS NOT trim(json_extract(y.json, '$.output'), ${SPACE})`,
    )
    .pluck();
  for (let from = 0; from < doubtful.length; from += BODIES_AT_ONCE) {
    if (from > 0) await nextTurn();
    for (const caseIndex of differing.all(JSON.stringify(doubtful.slice(from, from + BODIES_AT_ONCE)), a.n, b.n) as number[]) changed[caseIndex] = 1;
  }
  return changed;
}
