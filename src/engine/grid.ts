import type { CellKey } from '../core/eval/model.ts';
import { cellOrdinal } from '../core/eval/ordinal.ts';
import { isSlow } from '../core/eval/summary.ts';
import { CACHED, ERROR, FAILING, NO_SLICE, SLOW, buildCellIndex, type CellIndex } from '../node/sqlite/cell-index.ts';
import { firstLine } from '../node/sqlite/run-journal.ts';
import { casesWithText } from '../node/sqlite/search-cells.ts';
import { shapeOf, type RunStore, type StoredRun } from '../node/sqlite/run-store.ts';
import type { CellFilter, GridCell, GridPage, GridRow, GridView, Params, Result } from '../protocol/engine.ts';

const FILTER_BITS: Readonly<Record<CellFilter, number>> = { all: 0, failing: FAILING, errors: ERROR, slow: SLOW, cached: CACHED };
const SEPARATOR = ' · ';
/** Views that are kept, of the runs that were looked at last: each holds some numbers for every cell. */
const KEPT_VIEWS = 4;

/** What the engine knows about a run that is under way, beside the store. */
export interface LiveRun {
  readonly revision: number;
  /** Ordinal → when it started, milliseconds since the epoch. */
  readonly running: ReadonlyMap<number, number>;
  readonly slowAbove: readonly (number | null)[];
}

/** One line of the grid: a case, or the heading of a slice. */
type Entry = { readonly slice: string } | { readonly caseIndex: number };

interface View {
  readonly key: string;
  readonly index: CellIndex;
  readonly entries: readonly Entry[];
  readonly counts: Readonly<Record<CellFilter, number>>;
}

interface CaseRow {
  readonly case_index: number;
  readonly json: string;
}

interface CellRow {
  readonly ordinal: number;
  readonly error_code: string | null;
  readonly pass: number | null;
  readonly score: number | null;
  readonly latency_ms: number | null;
  readonly cached: number;
  readonly preview: string;
  readonly multiline: number;
}

/** Filters, sorts and pages a run's cells for the grid; keeps each run's last view, because scrolling asks for it again and again. */
export class Grid {
  readonly #store: RunStore;
  readonly #views = new Map<string, View>();

  constructor(store: RunStore) {
    this.#store = store;
  }

  forget(runId: string): void {
    this.#views.delete(runId);
  }

  page(run: StoredRun, live: LiveRun, view: GridView, from: number, to: number): GridPage {
    const { entries, index, counts } = this.#view(run, live, view);
    const start = Math.max(0, from);
    return {
      total: entries.length,
      from: start,
      rows: this.#rows(run, live, index, entries.slice(start, Math.max(start, Math.min(to, start + 1000))), view),
      counts,
      revision: live.revision,
    };
  }

  find(run: StoredRun, live: LiveRun, params: Params<'cells/find'>): Result<'cells/find'> {
    const { entries, index } = this.#view(run, live, params.view);
    const models = run.info.models.length;
    const failingModel = (caseIndex: number): number => {
      for (let model = 0; model < models; model++) {
        if (((index.modelFlags[caseIndex * models + model] ?? 0) & (FAILING | ERROR)) !== 0) return model;
      }
      return -1;
    };
    if (params.what === 'case') {
      return { row: entries.findIndex((entry) => 'caseIndex' in entry && entry.caseIndex === params.caseIndex), modelIndex: 0 };
    }
    for (let row = params.fromRow + params.direction; row >= 0 && row < entries.length; row += params.direction) {
      const entry = entries[row];
      if (entry === undefined || !('caseIndex' in entry)) continue;
      const modelIndex = failingModel(entry.caseIndex);
      if (modelIndex >= 0) return { row, modelIndex };
    }
    return { row: -1, modelIndex: 0 };
  }

  #view(run: StoredRun, live: LiveRun, view: GridView): View {
    const key = JSON.stringify([live.revision, view]);
    const known = this.#views.get(run.info.id);
    if (known?.key === key) return known;
    const index = known?.index.revision === live.revision ? known.index : buildCellIndex(this.#store, run, live.revision, live.slowAbove);
    const made = this.#build(run, index, view, key);
    this.#views.delete(run.info.id);
    this.#views.set(run.info.id, made);
    for (const id of this.#views.keys()) if (this.#views.size > KEPT_VIEWS) this.#views.delete(id);
    return made;
  }

  #build(run: StoredRun, index: CellIndex, view: GridView, key: string): View {
    const matching = casesWithText(this.#store, run, view.search);
    const counts: Record<CellFilter, number> = { all: 0, failing: 0, errors: 0, slow: 0, cached: 0 };
    const cases: number[] = [];
    const bits = FILTER_BITS[view.filter];
    for (let caseIndex = 0; caseIndex < run.info.cases; caseIndex++) {
      if (matching !== null && !matching.has(caseIndex)) continue;
      const flags = index.flags[caseIndex] ?? 0;
      counts.all++;
      if ((flags & FAILING) !== 0) counts.failing++;
      if ((flags & ERROR) !== 0) counts.errors++;
      if ((flags & SLOW) !== 0) counts.slow++;
      if ((flags & CACHED) !== 0) counts.cached++;
      if (bits === 0 || (flags & bits) !== 0) cases.push(caseIndex);
    }
    sortCases(cases, index, view, run.info.models.length);
    return { key, index, counts, entries: view.groupBySlice && index.bySlice.size > 1 ? grouped(cases, index, view.collapsed) : cases.map((caseIndex) => ({ caseIndex })) };
  }

  #rows(run: StoredRun, live: LiveRun, index: CellIndex, entries: readonly Entry[], view: GridView): GridRow[] {
    const cases = this.#readCases(run, entries);
    return entries.map((entry): GridRow => {
      if ('slice' in entry) {
        const slice = index.bySlice.get(entry.slice);
        return {
          kind: 'slice',
          slice: entry.slice,
          cases: slice?.cases ?? 0,
          collapsed: view.collapsed.includes(entry.slice),
          models: (slice?.summary.models() ?? []).map(({ passRate, interval, passed, failed }) => ({ passRate, interval, n: passed + failed })),
        };
      }
      const { caseIndex } = entry;
      const known = cases.get(caseIndex);
      return {
        kind: 'case',
        caseIndex,
        caseId: index.caseIds[caseIndex] ?? '',
        slice: index.slices[caseIndex] ?? null,
        variables: known?.variables ?? '',
        expected: known?.expected ?? null,
        cells: run.info.models.map((_, modelIndex) => gridCell(run, live, known?.cells ?? new Map(), caseIndex, modelIndex)),
      };
    });
  }

  #readCases(run: StoredRun, entries: readonly Entry[]): Map<number, { variables: string; expected: string | null; cells: Map<number, CellRow> }> {
    const wanted = entries.flatMap((entry) => ('caseIndex' in entry ? [entry.caseIndex] : []));
    const perCase = run.info.models.length * run.info.repeats;
    const { database } = this.#store;
    const list = JSON.stringify(wanted);
    // CROSS JOIN keeps this order: by its own choice SQLite reads all of the run for the sixty rows that are seen.
    const bodies = database
      .prepare('SELECT c.case_index, b.json FROM json_each(?) w CROSS JOIN run_case c ON c.run = ? AND c.case_index = w.value JOIN case_body b ON b.n = c.body')
      .all(list, run.n) as CaseRow[];
    const readCells = database.prepare(
      `SELECT c.ordinal, c.error_code, c.pass, c.score, c.latency_ms, c.cached, c.preview, c.multiline
         FROM json_each(?) w CROSS JOIN cell c ON c.run = ? AND c.ordinal >= w.value * ${perCase} AND c.ordinal < (w.value + 1) * ${perCase}`,
    );
    const cells = new Map<number, Map<number, CellRow>>();
    for (const row of readCells.all(list, run.n) as CellRow[]) {
      const caseIndex = Math.floor(row.ordinal / perCase);
      const at = cells.get(caseIndex) ?? new Map<number, CellRow>();
      at.set(row.ordinal, row);
      cells.set(caseIndex, at);
    }
    return new Map(
      bodies.map((row) => {
        const { vars, expected } = JSON.parse(row.json) as { vars: Record<string, unknown>; expected?: unknown };
        const variables = Object.values(vars).map((value) => firstLine(asText(value))).filter((text) => text !== '').join(SEPARATOR).slice(0, 200);
        return [row.case_index, { variables, expected: expected === undefined ? null : firstLine(asText(expected)), cells: cells.get(row.case_index) ?? new Map<number, CellRow>() }];
      }),
    );
  }
}

function sortCases(cases: number[], index: CellIndex, view: GridView, models: number): void {
  const { by, modelIndex, descending } = view.sort;
  if (by === 'order' && !descending) return;
  const sign = descending ? -1 : 1;
  if (by === 'order' || by === 'case') {
    const collator = new Intl.Collator('en', { numeric: true });
    cases.sort((a, b) => sign * (by === 'order' ? a - b : collator.compare(index.caseIds[a] ?? '', index.caseIds[b] ?? '')));
    return;
  }
  const values = by === 'score' ? index.scores : by === 'latency' ? index.latencies : index.costs;
  // What is not known stands last in both directions.
  cases.sort((a, b) => {
    const x = values[a * models + modelIndex] ?? NaN;
    const y = values[b * models + modelIndex] ?? NaN;
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
    return sign * (x - y) || a - b;
  });
}

function grouped(cases: readonly number[], index: CellIndex, collapsed: readonly string[]): Entry[] {
  const groups = new Map<string, number[]>([...index.bySlice.keys()].map((slice) => [slice, []]));
  for (const caseIndex of cases) groups.get(index.slices[caseIndex] ?? NO_SLICE)?.push(caseIndex);
  return [...groups].flatMap(([slice, members]): Entry[] => {
    if (members.length === 0) return [];
    return collapsed.includes(slice) ? [{ slice }] : [{ slice }, ...members.map((caseIndex) => ({ caseIndex }))];
  });
}

function gridCell(run: StoredRun, live: LiveRun, rows: ReadonlyMap<number, CellRow>, caseIndex: number, modelIndex: number): GridCell {
  const shape = shapeOf(run.info);
  const found: CellRow[] = [];
  const passes: (boolean | null)[] = [];
  let startedAt: number | undefined;
  for (let repeat = 0; repeat < shape.repeats; repeat++) {
    const key: CellKey = { caseIndex, modelIndex, repeat };
    const ordinal = cellOrdinal(key, shape);
    const row = rows.get(ordinal);
    startedAt ??= live.running.get(ordinal);
    passes.push(row?.pass == null ? null : row.pass === 1);
    if (row !== undefined) found.push(row);
  }
  const failed = found.find((row) => row.error_code !== null);
  const answered = found.filter((row) => row.error_code === null);
  const shown = mostFrequent(answered);
  const latencies = answered.flatMap((row) => (row.latency_ms === null ? [] : [row.latency_ms]));
  const latency = latencies.length === 0 ? null : latencies.reduce((a, b) => a + b, 0) / latencies.length;
  const cached = answered.length > 0 && answered.every((row) => row.cached === 1);
  const status = startedAt !== undefined ? 'running' : found.length < shape.repeats ? 'waiting' : failed !== undefined && answered.length === 0 ? 'error' : 'done';
  return {
    status,
    passes,
    text: shown?.row.preview ?? failed?.preview ?? '',
    multiline: shown?.row.multiline === 1,
    ...(shown !== undefined && shown.count < answered.length ? { agreement: `${shown.count}/${answered.length}` } : {}),
    score: answered.length === 0 ? null : answered.reduce((sum, row) => sum + (row.score ?? 0), 0) / answered.length,
    latencyMs: status === 'running' && startedAt !== undefined ? Date.now() - startedAt : latency,
    slow: !cached && latency !== null && isSlow(latency, live.slowAbove[modelIndex] ?? null),
    cached,
    error: failed === undefined ? null : failed.preview,
  };
}

function mostFrequent(rows: readonly CellRow[]): { row: CellRow; count: number } | undefined {
  const counts = new Map<string, { row: CellRow; count: number }>();
  for (const row of rows) {
    const at = counts.get(row.preview) ?? { row, count: 0 };
    at.count++;
    counts.set(row.preview, at);
  }
  let best: { row: CellRow; count: number } | undefined;
  for (const candidate of counts.values()) if (best === undefined || candidate.count > best.count) best = candidate;
  return best;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
