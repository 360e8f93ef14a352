import { batch, signal } from '@preact/signals';
import { TouchstoneError } from '../../../src/core/errors.ts';
import type { CellKey } from '../../../src/core/eval/model.ts';
import type { CellDetail, GridRow, GridView } from '../../../src/protocol/engine.ts';
import type { RunPanelMethods, ShownRun } from '../../../src/protocol/run-panel.ts';
import type { Failure } from '../../shared/failure.ts';
import { HEADER_ROW } from '../../shared/grid-place.ts';
import { Opening } from '../../shared/opening.ts';
import { PanelModel, type PanelApi } from '../../shared/panel-model.ts';
import { outputText } from '../../shared/output-text.ts';
import { RowCache, type SliceRow } from './row-cache.ts';
import { INITIAL_VIEW, type ViewState } from './view-state.ts';

export interface OpenCell {
  readonly key: CellKey;
  /** For a moment still that of the cell before; `null`: on its way, show the structure. */
  readonly detail: CellDetail | null;
  /** The cell that `detail` is of. */
  readonly detailKey: CellKey | null;
  readonly failure: Failure | null;
}

/** The cell that the keyboard is on. Column 0 is the case, column n the model n − 1. */
export interface ActiveCell {
  readonly row: number;
  readonly column: number;
}

/** While a run is under way its cells are asked for again at most this often. */
const REFRESH_MS = 250;

/** What the panel knows and does; the components draw it. */
export class RunModel extends PanelModel<RunPanelMethods, ViewState> {
  readonly snapshot = signal<ShownRun | null>(null);
  readonly rows: RowCache;
  /** Grows when `rows` changed. */
  readonly rowsChanged = signal(0);
  readonly active = signal<ActiveCell>({ row: 0, column: 0 });
  readonly open = signal<OpenCell | null>(null);
  /** Every slice with its rates over all cases, for the sentence; empty until asked for. */
  readonly slices = signal<readonly SliceRow[]>([]);
  readonly gridFocus = signal(0);
  readonly searchFocus = signal(0);
  readonly #sliceRows = new Map<string, SliceRow>();
  readonly #opening = new Opening<CellDetail>();
  #askedForSlices = false;
  #openCellText = '';
  #revision = 0;
  #refresh: ReturnType<typeof setTimeout> | undefined;

  constructor(api: PanelApi<RunPanelMethods>, state: ViewState, save: (state: ViewState, runId: string) => void) {
    super(api, state, save);
    this.rows = new RowCache(state.view, (view, from, to, signal) => api.request('grid/page', { view, from, to }, signal), {
      onChange: () => this.#onRows(),
      onError: (error) => this.fail(error),
    });
  }

  protected override get subject(): string | null {
    return this.snapshot.value?.info.id ?? null;
  }

  override async start(): Promise<void> {
    try {
      const snapshot = await this.api.request('run/get', {});
      batch(() => {
        this.failure.value = null;
        this.snapshot.value = snapshot;
      });
      this.keep();
      this.#readSlices(snapshot);
      this.rows.retry();
      const { open } = this.state.value;
      if (open !== null && this.open.value === null) {
        void this.openCell(open);
        void this.#reveal(open);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** A newer picture of the run. Rows are asked for again, not more than a few times a second. */
  changed(snapshot: ShownRun, revision: number): void {
    const before = this.snapshot.value;
    batch(() => {
      this.snapshot.value = snapshot;
      this.failure.value = null;
      if (before?.info.status === 'running' && snapshot.info.status !== 'running') this.announcement.value = `The run has ended: ${snapshot.info.status}.`;
    });
    if (before?.info.status !== snapshot.info.status) this.#readSlices(snapshot);
    this.#revision = Math.max(this.#revision, revision);
    this.#refresh ??= setTimeout(() => {
      this.#refresh = undefined;
      this.#forgetSlices();
      this.rows.setRevision(this.#revision);
    }, REFRESH_MS);
  }

  setView(change: Partial<GridView>): void {
    const view = { ...this.state.value.view, ...change };
    // Who sorts by the keyboard may turn the order once more.
    const row = change.sort !== undefined && this.active.value.row === HEADER_ROW ? HEADER_ROW : 0;
    batch(() => {
      this.update({ view });
      this.#forgetSlices();
      this.rows.setView(view);
      this.active.value = { row, column: this.active.value.column };
      this.rowsChanged.value++;
    });
    if (this.open.value !== null && row !== HEADER_ROW) void this.#reveal(this.open.value.key);
  }

  clearFilter(): void {
    this.setView({ filter: INITIAL_VIEW.filter, search: '' });
    // The button that asked for it goes away with its reason.
    this.gridFocus.value++;
  }

  toggleSlice(slice: string): void {
    const { collapsed } = this.state.value.view;
    const { active } = this;
    const { row } = active.value;
    this.setView({ collapsed: collapsed.includes(slice) ? collapsed.filter((name) => name !== slice) : [...collapsed, slice] });
    active.value = { ...active.value, row };
  }

  /** A slice's row for the top of the grid, when its own has scrolled away; asked for when it was never here. */
  sliceRow(slice: string): SliceRow | undefined {
    const known = this.#sliceRows.get(slice);
    if (known === undefined && !this.#askedForSlices) {
      this.#askedForSlices = true;
      this.#allSlices(this.state.value.view).then((rows) => {
        for (const row of rows) if (!this.#sliceRows.has(row.slice)) this.#sliceRows.set(row.slice, { ...row, collapsed: false });
        this.rowsChanged.value++;
      }, (error: unknown) => this.fail(error));
    }
    return known;
  }

  /** Moves the keyboard's cell; an open detail follows. */
  moveTo(row: number, column: number): void {
    this.active.value = { row, column };
    if (this.open.value === null || row === HEADER_ROW) return;
    this.#opening.follow(() => void this.openAt(row, column));
  }

  async openAt(row: number, column: number): Promise<void> {
    const at = await this.rows.load(row);
    if (at === undefined) return;
    if (at.kind === 'case') await this.openCell({ caseIndex: at.caseIndex, modelIndex: column > 0 ? column - 1 : worstCell(at), repeat: 0 });
  }

  async openCell(key: CellKey): Promise<void> {
    this.#openCellText = this.#cellText(key);
    const before = this.open.value;
    this.open.value = { key, detail: before?.detail ?? null, detailKey: before?.detailKey ?? null, failure: null };
    this.update({ open: key });
    await this.#opening.read({
      ask: (signal) => this.api.request('cell/get', { key }, signal),
      show: (detail, failure) => { this.open.value = { key, detail, detailKey: detail === null ? null : key, failure }; },
      isShown: () => sameCell(this.open.value?.detailKey ?? null, key),
    });
  }

  closeCell(): void {
    this.#opening.stop();
    batch(() => {
      this.open.value = null;
      this.update({ open: null });
      this.gridFocus.value++;
    });
  }

  /** The next cell that failed or errored, in the order of the grid. */
  async findFailing(direction: 1 | -1): Promise<void> {
    const { row, column } = this.active.value;
    const here = this.rows.row(row);
    if (here?.kind === 'case') {
      for (let at = column - 1 + direction; at >= 0 && at < here.cells.length; at += direction) {
        if (isBad(here.cells[at])) return this.#show(row, at + 1);
      }
    }
    const found = await this.#find(row, direction, 'failing');
    if (found === null) return;
    if (found.row < 0) {
      this.announcement.value = direction === 1 ? 'No failing cell below.' : 'No failing cell above.';
      return;
    }
    const target = await this.rows.load(found.row);
    const last = direction === -1 && target?.kind === 'case' ? target.cells.findLastIndex(isBad) : -1;
    this.#show(found.row, (last >= 0 ? last : found.modelIndex) + 1);
  }

  /** Moves to the next case or slice whose name begins so. */
  async findByPrefix(prefix: string, from: number): Promise<void> {
    const wanted = prefix.toLowerCase();
    const found = await this.rows.search(from, (row) => (row.kind === 'case' ? row.caseId : row.slice).toLowerCase().startsWith(wanted));
    if (found !== undefined) this.moveTo(found, this.active.value.column);
  }

  /** The output of the keyboard's cell, whole, to the clipboard. */
  async copyOutput(): Promise<void> {
    const { row, column } = this.active.value;
    const at = await this.rows.load(row);
    if (at?.kind !== 'case') return;
    const key = { caseIndex: at.caseIndex, modelIndex: column > 0 ? column - 1 : worstCell(at), repeat: this.open.value?.key.repeat ?? 0 };
    await this.act(async () => {
      const open = this.open.value;
      const detail = sameCell(open?.detailKey ?? null, key) ? open?.detail : await this.api.request('cell/get', { key });
      if (detail?.result == null) throw new TouchstoneError('not-found', 'This cell has no output yet.');
      await this.copy(outputText(detail.result.output));
    });
  }

  async copy(text: string): Promise<void> {
    await this.api.request('copy', { text });
    this.announcement.value = 'Copied.';
  }

  override dispose(): void {
    super.dispose();
    clearTimeout(this.#refresh);
    this.#opening.stop();
    this.rows.dispose();
  }

  #show(row: number, column: number): void {
    this.active.value = { row, column };
    void this.openAt(row, column);
  }

  async #reveal(key: CellKey): Promise<void> {
    const found = await this.#find(-1, 1, 'case', key.caseIndex);
    if (found !== null && found.row >= 0) this.active.value = { row: found.row, column: key.modelIndex + 1 };
  }

  async #find(fromRow: number, direction: 1 | -1, what: 'failing' | 'case', caseIndex?: number): Promise<{ readonly row: number; readonly modelIndex: number } | null> {
    try {
      return await this.api.request('grid/find', { view: this.state.value.view, fromRow, direction, what, ...(caseIndex === undefined ? {} : { caseIndex }) });
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  #readSlices({ slices, info }: ShownRun): void {
    if (slices.length === 0 || info.status === 'running') return;
    this.#allSlices(INITIAL_VIEW).then((rows) => { this.slices.value = rows; }, (error: unknown) => this.fail(error));
  }

  /** All slices in one page: a view in which every one of them is collapsed. */
  async #allSlices(view: GridView): Promise<SliceRow[]> {
    const collapsed = this.snapshot.value?.slices ?? [];
    const page = await this.api.request('grid/page', { view: { ...view, groupBySlice: true, collapsed }, from: 0, to: collapsed.length + 1 });
    return page.rows.filter((row) => row.kind === 'slice');
  }

  #forgetSlices(): void {
    this.#sliceRows.clear();
    this.#askedForSlices = false;
  }

  #onRows(): void {
    const { total } = this.rows;
    const { view } = this.state.value;
    if (view.groupBySlice) for (const row of this.rows.loaded()) if (row.kind === 'slice') this.#sliceRows.set(row.slice, row);
    batch(() => {
      this.failure.value = null;
      this.rowsChanged.value++;
      if (total !== null && this.active.value.row >= total) this.active.value = { ...this.active.value, row: Math.max(0, total - 1) };
    });
    const open = this.open.value;
    if (open !== null && this.#cellText(open.key) !== this.#openCellText && this.#cellText(open.key) !== '') void this.openCell(open.key);
  }

  /** What the grid shows of a cell, to notice that it changed. Empty where the row is not here. */
  #cellText(key: CellKey): string {
    const row = this.rows.row(this.active.value.row);
    return row?.kind === 'case' && row.caseIndex === key.caseIndex ? JSON.stringify(row.cells[key.modelIndex] ?? '') : '';
  }
}

function isBad(cell: { readonly status: string; readonly passes: readonly (boolean | null)[] } | undefined): boolean {
  return cell !== undefined && (cell.status === 'error' || (cell.status === 'done' && cell.passes.includes(false)));
}

function worstCell(row: Extract<GridRow, { kind: 'case' }>): number {
  return Math.max(0, row.cells.findIndex(isBad));
}

function sameCell(a: CellKey | null, b: CellKey): boolean {
  return a !== null && a.caseIndex === b.caseIndex && a.modelIndex === b.modelIndex && a.repeat === b.repeat;
}
