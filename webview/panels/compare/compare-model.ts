import { batch, signal, type Signal } from '@preact/signals';
import type { ComparedCase, ComparedPrompt, ComparisonPage, ComparisonRef, ComparisonRow, ComparisonView, CompareSettings, Distributions, HumanVerdict } from '../../../src/protocol/compare.ts';
import type { Side } from '../../../src/core/compare/model.ts';
import type { ComparePanelMethods, ShownComparison } from '../../../src/protocol/compare-panel.ts';
import { asFailure, type Failure } from '../../shared/failure.ts';
import { HEADER_ROW } from '../../shared/grid-place.ts';
import { Opening } from '../../shared/opening.ts';
import { outputText } from '../../shared/output-text.ts';
import { PAGE_SIZE, PagedRows } from '../../shared/paged-rows.ts';
import { PanelModel, type PanelApi } from '../../shared/panel-model.ts';
import { isBlindedFilter, seatingOf, verdictOf, viewedBlinded, type Seating } from './blinding.ts';
import { INITIAL_VIEW, type Tab, type ViewState } from './view-state.ts';

export interface OpenCase {
  readonly caseIndex: number;
  /** For a moment still that of the case before (see its own index); `null`: on its way, show the structure. */
  readonly detail: ComparedCase | null;
  readonly failure: Failure | null;
}

/** Columns that cases can be sorted by, as they stand. */
const SORTS = ['case', 'a', 'b', 'delta'] as const satisfies readonly ComparisonView['sort']['by'][];
/** Blinded, cases stand in no order that tells which side did better. */
const BLINDED_SORTS = ['case'] as const satisfies typeof SORTS[number][];
export type SortColumn = typeof SORTS[number];

/** Something of the comparison that is read once its tab is looked at. */
export interface Read<T> {
  readonly revision: number;
  readonly value: T | null;
  readonly failure: Failure | null;
}

/** While runs are under way the comparison is asked for again at most this often. */
const REFRESH_MS = 250;

/** What the panel knows and does; the components draw it. */
export class CompareModel extends PanelModel<ComparePanelMethods, ViewState> {
  readonly shown = signal<ShownComparison | null>(null);
  readonly rows: PagedRows<ComparisonView, ComparisonRow, ComparisonPage>;
  /** Grows when `rows` changed. */
  readonly rowsChanged = signal(0);
  /** The row that the keyboard is on; above the first one `HEADER_ROW`. */
  readonly active = signal(0);
  readonly open = signal<OpenCase | null>(null);
  readonly prompts = signal<Read<Readonly<Record<Side, ComparedPrompt>>> | null>(null);
  readonly distributions = signal<Read<Distributions> | null>(null);
  /** What *Run what changed* would run; `null`: nothing is stale, or not known yet. */
  readonly missing = signal<ComparePanelMethods['comparison/estimate'][1] | null>(null);
  readonly gridFocus = signal(0);
  readonly searchFocus = signal(0);
  /** Of `sorts`, where the keyboard is or was last among the names of the columns. */
  readonly #column = signal(0);
  readonly #opening = new Opening<ComparedCase>();
  #reading = new AbortController();
  #refresh: ReturnType<typeof setTimeout> | undefined;
  #refreshing = false;
  /** The open case as the grid shows it, to notice that it changed. */
  #openRow = '';

  constructor(api: PanelApi<ComparePanelMethods>, state: ViewState, save: (state: ViewState, subject: string) => void) {
    super(api, state, save);
    this.rows = new PagedRows(state.view, (view, from, to, cancel) => this.api.request('comparison/page', { ...this.#named(), view: viewedBlinded(view, this.state.value), from, to }, cancel), {
      onChange: () => this.#onRows(),
      onError: (error) => this.fail(error),
    });
  }

  /** The comparison that is shown; asked for only once there is one. */
  get ref(): ComparisonRef {
    const ref = this.shown.value?.comparison.ref;
    if (ref === undefined) throw new Error('no comparison is shown yet');
    return ref;
  }

  /** As the cases are looked at: blinded it tells less, and the person's own view comes back with the names. */
  get view(): ComparisonView {
    return viewedBlinded(this.state.value.view, this.state.value);
  }

  /** The columns that cases can be sorted by. */
  get sorts(): readonly SortColumn[] {
    return this.state.value.blinded ? BLINDED_SORTS : SORTS;
  }

  /** Index in `sorts` of the column whose name the keyboard is on, in the row above the first. */
  get column(): number {
    return Math.min(this.#column.value, this.sorts.length - 1);
  }

  protected override get subject(): string | null {
    const choices = this.shown.value?.choices;
    return choices === undefined ? null : JSON.stringify(choices.map(({ ref }) => ref));
  }

  override async start(): Promise<void> {
    await this.#read();
  }

  /** Something changed: everything that is seen is asked for again, not more than a few times a second. */
  changed(): void {
    this.#refresh ??= setTimeout(() => {
      this.#refresh = undefined;
      // One answer at a time: a slow engine is not asked faster than it answers.
      if (this.#refreshing) this.changed();
      else void this.#read();
    }, REFRESH_MS);
  }

  choose(ref: ComparisonRef): void {
    this.update({ chosen: ref });
    void this.#read();
  }

  changeSettings(change: Partial<CompareSettings>): void {
    this.update({ settings: { ...this.state.value.settings, ...change } });
    // What a row says of its case depends on them.
    void this.#read().then(() => this.rows.restart());
  }

  setView(change: Partial<ComparisonView>): void {
    const { view: before, blinded } = this.state.value;
    const { filter, ...rest } = change;
    // Blinded, the person's own filter waits for the names to come back.
    const ofBlinded = blinded && filter !== undefined && isBlindedFilter(filter) ? { blindedFilter: filter } : {};
    const view = { ...before, ...rest, ...(filter === undefined || blinded ? {} : { filter }) };
    // Who sorts by the keyboard may turn the order once more.
    const row = change.sort !== undefined && this.active.value === HEADER_ROW ? HEADER_ROW : 0;
    batch(() => {
      this.update({ view, ...ofBlinded });
      this.rows.setView(view);
      this.active.value = row;
      this.rowsChanged.value++;
    });
    if (this.open.value !== null && row !== HEADER_ROW) void this.#reveal(this.open.value.caseIndex);
  }

  /** One more turn of the order by a column: ascending, descending, then the first order again. */
  sortBy(by: SortColumn): void {
    const { sort } = this.view;
    this.setView({ sort: sort.by !== by ? { by, descending: false } : !sort.descending ? { by, descending: true } : INITIAL_VIEW.sort });
  }

  clearFilter(): void {
    this.setView({ filter: INITIAL_VIEW.filter, search: '', slice: null });
    // The button that asked for it goes away with its reason.
    this.gridFocus.value++;
  }

  showTab(tab: Tab): void {
    this.update({ tab });
    this.#readTab();
  }

  /** The cases of a slice, in the grid. */
  showSlice(slice: string): void {
    this.showTab('outputs');
    this.setView({ filter: 'all', search: '', slice });
    this.gridFocus.value++;
  }

  moveTo(row: number, column = this.column): void {
    batch(() => {
      this.active.value = row;
      this.#column.value = column;
    });
    if (this.open.value === null || row === HEADER_ROW) return;
    this.#opening.follow(() => void this.openRow(row));
  }

  /** The case below or above, wherever the keyboard is. */
  step(by: 1 | -1): void {
    const last = (this.rows.total ?? 0) - 1;
    if (last >= 0) this.moveTo(Math.max(0, Math.min(last, this.active.value + by)));
  }

  async openRow(row: number): Promise<void> {
    const at = await this.rows.load(row);
    if (at !== undefined) await this.openCase(at.caseIndex);
  }

  async openCase(caseIndex: number): Promise<void> {
    this.#openRow = this.#rowText(caseIndex);
    this.open.value = { caseIndex, detail: this.open.value?.detail ?? null, failure: null };
    if (this.state.value.open !== caseIndex) this.update({ open: caseIndex, repeats: { a: 0, b: 0 } });
    await this.#opening.read({
      ask: (signal) => this.api.request('comparison/case', { ...this.#named(), caseIndex }, signal),
      show: (detail, failure) => { this.open.value = { caseIndex, detail, failure }; },
      isShown: () => this.open.value?.detail?.caseIndex === caseIndex,
    });
  }

  closeCase(): void {
    this.#opening.stop();
    batch(() => {
      this.open.value = null;
      this.update({ open: null });
      this.gridFocus.value++;
    });
  }

  toggleBlinded(): void {
    const blinded = !this.state.value.blinded;
    // Where both sides answered the same there is nothing to judge.
    const isAnyChanged = (this.shown.value?.comparison.counts.changed ?? 0) > 0;
    this.update({ blinded, blindedFilter: isAnyChanged ? 'changed' : 'all' });
    this.setView({});
    this.announcement.value = blinded ? 'Blinded: sides stand in an order by chance and without names until you give your verdict.' : 'Not blinded any more.';
  }

  seating(caseIndex: number, verdict: HumanVerdict | null): Seating {
    return seatingOf(caseIndex, verdict, this.state.value);
  }

  /** A person's verdict on the open case; the same one again takes it back. */
  async judge(choice: 'left' | 'tie' | 'right'): Promise<void> {
    const detail = this.#openDetail();
    if (detail === null) return;
    const { caseIndex } = detail;
    const wanted = verdictOf(choice, this.seating(caseIndex, detail.verdict));
    const verdict = detail.verdict === wanted ? null : wanted;
    const done = await this.act(() => this.api.request('comparison/verdict', { ref: this.ref, caseIndex, verdict }));
    const open = this.open.value;
    if (!done || open?.detail?.caseIndex !== caseIndex) return;
    this.open.value = { ...open, detail: { ...open.detail, verdict } };
    this.announcement.value = verdict === null ? 'Verdict taken back.' : `Verdict: ${choice}.`;
    this.changed();
  }

  /** Writes an output of the open case as what it expects: that of the side found better, else of `b`. */
  acceptAsExpected(): void {
    const detail = this.#openDetail();
    if (detail === null) return;
    const side = this.acceptedSide(detail);
    this.request('output/accept', { ref: this.ref, side, caseIndex: detail.caseIndex, repeat: this.repeatOf(side, detail) });
  }

  /** Blinded, that at the right: nobody can know whose it is. */
  acceptedSide(detail: ComparedCase): Side {
    const seating = this.seating(detail.caseIndex, detail.verdict);
    return seating.hidden ? seating.right : detail.verdict === 'a' ? 'a' : 'b';
  }

  /** The repeat that is shown of a side, within those that it has. */
  repeatOf(side: Side, detail: ComparedCase): number {
    return Math.max(0, Math.min(this.state.value.repeats[side], detail.cells[side].length - 1));
  }

  /** Both outputs of the open case, as they are shown, to the clipboard. */
  async copyOutputs(): Promise<void> {
    const detail = this.#openDetail();
    if (detail === null) return;
    const { left, right } = this.seating(detail.caseIndex, detail.verdict);
    const text = ([left, right] as const).map((side) => outputText(detail.cells[side][this.repeatOf(side, detail)]?.result?.output)).join('\n\n');
    if (await this.act(() => this.api.request('copy', { text }))) this.announcement.value = 'Copied.';
  }

  /** Moves to the next case whose id begins so. */
  async findByPrefix(prefix: string, from: number): Promise<void> {
    const wanted = prefix.toLowerCase();
    const found = await this.rows.search(from, ({ caseId }) => caseId.toLowerCase().startsWith(wanted));
    if (found !== undefined) this.moveTo(found);
  }

  override dispose(): void {
    clearTimeout(this.#refresh);
    this.#opening.stop();
    this.#reading.abort();
    this.rows.dispose();
    super.dispose();
  }

  #named(): { readonly ref: ComparisonRef; readonly settings: CompareSettings } {
    return { ref: this.ref, settings: this.state.value.settings };
  }

  #openDetail(): ComparedCase | null {
    const open = this.open.value;
    return open !== null && open.detail?.caseIndex === open.caseIndex ? open.detail : null;
  }

  async #read(): Promise<void> {
    this.#reading.abort();
    const reading = new AbortController();
    this.#reading = reading;
    this.#refreshing = true;
    const { chosen, settings, open } = this.state.value;
    const { view } = this.rows;
    const rows = this.rows.total === null ? { view: this.view, count: PAGE_SIZE } : null;
    try {
      const shown = await this.api.request('comparison/get', { ref: chosen, settings, rows }, reading.signal);
      if (reading.signal.aborted) return;
      // Somebody may have begun to look at other rows meanwhile.
      this.#take(shown, this.rows.view === view ? shown.page : null);
      if (open !== null && this.open.value === null && this.state.value.tab === 'outputs') {
        void this.openCase(open);
        void this.#reveal(open);
      }
    } catch (error) {
      if (!reading.signal.aborted) this.fail(error);
    } finally {
      if (!reading.signal.aborted) this.#refreshing = false;
    }
  }

  #take(shown: ShownComparison, page: ComparisonPage | null): void {
    const before = this.shown.value?.comparison;
    const { comparison } = shown;
    const other = before !== undefined && !sameRef(before.ref, comparison.ref);
    batch(() => {
      this.failure.value = null;
      this.shown.value = shown;
      if (page !== null) this.rows.begin(page);
      if (before !== undefined && isRunning(before) && !isRunning(comparison) && !other) this.announcement.value = 'The runs have ended.';
      if (other) {
        this.prompts.value = null;
        this.distributions.value = null;
        this.missing.value = null;
      }
    });
    this.keep();
    if (other) this.rows.restart();
    else this.rows.setRevision(comparison.revision);
    // Its row tells when it changes meanwhile; one that is not among the rows is read again at the end.
    const ended = before !== undefined && isRunning(before) && !isRunning(comparison);
    if (this.open.value !== null && (other || ended)) void this.openCase(this.open.value.caseIndex);
    this.#readTab();
    void this.#readMissing();
  }

  /** What the visible tab shows beside the comparison, where it is not here or out of date. */
  #readTab(): void {
    const { tab } = this.state.value;
    if (this.shown.value === null) return;
    if (tab === 'prompt') void this.#readInto(this.prompts, () => this.api.request('comparison/prompts', { ref: this.ref }), false);
    if (tab === 'scores') void this.#readInto(this.distributions, () => this.api.request('comparison/distributions', { ref: this.ref }), true);
  }

  /** `changes`: it is other with every revision. */
  async #readInto<T>(into: Signal<Read<T> | null>, ask: () => Promise<T>, changes: boolean): Promise<void> {
    const ref = this.ref;
    const revision = changes ? (this.shown.value?.comparison.revision ?? 0) : 0;
    if (into.value !== null && into.value.failure === null && into.value.revision >= revision) return;
    const read = await ask().then((value): Read<T> => ({ revision, value, failure: null }), (error: unknown): Read<T> => ({ revision, value: into.value?.value ?? null, failure: asFailure(error) }));
    if (sameRef(ref, this.ref)) into.value = read;
  }

  async #readMissing(): Promise<void> {
    const { comparison } = this.shown.value ?? {};
    if (comparison === undefined || !(comparison.stale.a || comparison.stale.b)) {
      this.missing.value = null;
      return;
    }
    // The banner says that something changed even when nobody can tell what running it would cost.
    this.missing.value = await this.api.request('comparison/estimate', { ref: comparison.ref }).catch(() => null);
  }

  /** Empty where the row is not here. */
  #rowText(caseIndex: number): string {
    const row = this.rows.row(this.active.value);
    return row?.caseIndex === caseIndex ? JSON.stringify(row) : '';
  }

  async #reveal(caseIndex: number): Promise<void> {
    try {
      const { row } = await this.api.request('comparison/find', { ...this.#named(), view: this.view, caseIndex });
      if (row >= 0) this.active.value = row;
    } catch (error) {
      this.fail(error);
    }
  }

  #onRows(): void {
    const { total } = this.rows;
    batch(() => {
      this.failure.value = null;
      this.rowsChanged.value++;
      if (total !== null && this.active.value >= total) this.active.value = Math.max(0, total - 1);
    });
    const open = this.open.value;
    if (open === null) return;
    const row = this.#rowText(open.caseIndex);
    if (row === '' || row === this.#openRow) return;
    if (this.#openRow !== '') void this.openCase(open.caseIndex);
    this.#openRow = row;
  }
}

export function isRunning({ a, b }: { readonly a: { readonly status: string }; readonly b: { readonly status: string } }): boolean {
  return a.status === 'running' || b.status === 'running';
}

export function sameRef(one: ComparisonRef, other: ComparisonRef): boolean {
  return one.a.runId === other.a.runId && one.a.modelIndex === other.a.modelIndex && one.b.runId === other.b.runId && one.b.modelIndex === other.b.modelIndex;
}
