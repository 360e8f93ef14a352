import { batch, signal } from '@preact/signals';
import { SPAN_KINDS } from '../../../src/core/trace/skeleton.ts';
import { nextIn, firstPosition } from '../../../src/core/trace/view/find.ts';
import { ROW, type Row } from '../../../src/core/trace/view/rows.ts';
import { TreeView, type ViewOptions } from '../../../src/core/trace/view/tree-view.ts';
import type { TracePanelMethods } from '../../../src/protocol/trace-panel.ts';
import type { FindingsState, TraceRow } from '../../../src/protocol/traces.ts';
import { PanelModel, type PanelApi } from '../../shared/panel-model.ts';
import { Finder } from './finder.ts';
import { Opened } from './opened.ts';
import { ShownTime } from './shown-time.ts';
import type { ViewState } from './view-state.ts';

/** While spans arrive they are asked for at most this often. */
const REFRESH_MS = 400;
/** After a reload it rests so many times as long as that took: a trace of a million spans is not read without a pause. */
const REST_FACTOR = 4;
const FOLLOW_MS = 60;
const FINDINGS_MS = 1000;
const MAX_SEARCHED_ROWS = 100_000;

/** What the panel knows and does; the components draw it. */
export class TraceModel extends PanelModel<TracePanelMethods, ViewState> {
  readonly trace = signal<TraceRow | null>(null);
  readonly view = signal<TreeView | null>(null);
  /** Grows when the rows or what they say changed. */
  readonly changes = signal(0);
  readonly deleted = signal(false);
  readonly findings = signal<FindingsState | null>(null);
  /** Row of the keyboard; -1: none yet. */
  readonly active = signal(-1);
  readonly time: ShownTime;
  readonly finder: Finder;
  /** Whether spans are taken in as they arrive. */
  readonly live = signal(true);
  /** A revision that is known of and not shown. */
  readonly waiting = signal(false);
  readonly listFocus = signal(0);
  readonly findFocus = signal(0);
  readonly #opened: Opened;
  #revision = -1;
  #reloading = false;
  #rest = 0;
  #refresh: ReturnType<typeof setTimeout> | undefined;
  #follow: ReturnType<typeof setTimeout> | undefined;
  #findingsTimer: ReturnType<typeof setTimeout> | undefined;
  #loading: Promise<void> | null = null;
  #goWhenFound = false;
  /** A span to show as soon as there is something to show it in. */
  #toReveal: string | null = null;

  constructor(api: PanelApi<TracePanelMethods>, state: ViewState, save: (state: ViewState, traceId: string) => void) {
    super(api, state, save);
    this.#opened = new Opened(api);
    this.time = new ShownTime({
      view: this.view,
      isLive: () => this.live.value && (this.trace.value?.running ?? 0) > 0,
      zoom: () => this.state.value.zoom,
      setZoom: (zoom) => this.update({ zoom }),
      lookedAt: () => (this.open.value?.kind === 'span' ? this.open.value.position : -1),
    });
    this.finder = new Finder(api, () => this.view.value, {
      onMatches: (matches) => {
        this.view.value?.setMatches(matches);
        this.changes.value++;
        if (!this.#goWhenFound || matches === null || matches.positions.length === 0) return;
        this.#goWhenFound = false;
        this.nextMatch(1);
      },
      onProblem: (error) => this.tellProblem(error),
    });
  }

  /** What the detail shows. */
  get open(): Opened['open'] {
    return this.#opened.open;
  }

  protected override get subject(): string | null {
    return this.trace.value?.traceId ?? null;
  }

  protected override keptState(): ViewState {
    const view = this.view.value;
    return view === null ? this.state.value : { ...this.state.value, expansion: view.keep() };
  }

  override async start(): Promise<void> {
    this.failure.value = null;
    try {
      const [reveal] = await Promise.all([
        this.api.request('trace/get', {}).then((shown) => {
          this.trace.value = shown.row;
          this.time.tick(Date.now());
          return shown.reveal;
        }),
        this.#load(),
      ]);
      this.keep();
      this.#toReveal ??= reveal;
      if (this.#toReveal !== null) this.revealSpan(this.#toReveal);
      this.#toReveal = null;
      if (this.state.value.find !== '') this.finder.find(this.state.value.find);
      void this.#readFindings();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Something of the trace changed. */
  changed(revision: number): void {
    const view = this.view.value;
    if (view !== null && revision <= view.skeleton.revision) return;
    this.#revision = Math.max(this.#revision, revision);
    if (!this.live.value) this.waiting.value = true;
    else this.#refreshSoon();
  }

  #refreshSoon(): void {
    if (!this.#reloading) this.#refresh ??= setTimeout(() => { this.#refresh = undefined; void this.#reload(); }, Math.max(REFRESH_MS, this.#rest));
  }

  setLive(live: boolean): void {
    this.live.value = live;
    if (live && this.waiting.value) void this.#reload();
    if (live || this.#refresh === undefined) return;
    clearTimeout(this.#refresh);
    this.#refresh = undefined;
    this.waiting.value = true;
  }

  setOptions(change: Partial<Pick<ViewState, 'merge' | 'kinds' | 'errorsOnly'>>): void {
    const view = this.view.value;
    if (view === null) return;
    const key = this.#keyAt(this.active.value);
    batch(() => {
      this.update(change);
      view.setOptions(optionsOf(this.state.value));
      this.active.value = Math.min(Math.max(key === null ? -1 : view.indexOfKey(key), 0), view.rows.length - 1);
      this.changes.value++;
    });
  }

  /** Moves the keyboard's row; an open detail follows. */
  moveTo(index: number): void {
    const view = this.view.value;
    if (view === null || view.rows.length === 0) return;
    this.active.value = Math.max(0, Math.min(index, view.rows.length - 1));
    this.update({ active: this.#keyAt(this.active.value) });
    if (this.open.value === null) return;
    clearTimeout(this.#follow);
    this.#follow = setTimeout(() => this.openRow(this.active.value), FOLLOW_MS);
  }

  openRow(index: number): void {
    const view = this.view.value;
    if (view === null || index < 0 || index >= view.rows.length) return;
    const row = view.rows.at(index);
    this.active.value = index;
    if (row.type === ROW.earlier || row.type === ROW.later) return this.change(() => view.showMore(row), row);
    this.update({ open: view.keyOf(row), active: view.keyOf(row) });
    clearTimeout(this.#follow);
    if (row.position >= 0) void this.#opened.showSpan(view, row.position);
    else this.#opened.showRows(row);
  }

  close(): void {
    clearTimeout(this.#follow);
    batch(() => {
      this.#opened.close();
      this.update({ open: null });
      this.listFocus.value++;
    });
  }

  toggle(index: number, open?: boolean): void {
    const view = this.view.value;
    const row = view?.rows.at(index);
    if (view === null || row === undefined || !view.hasChildren(row)) return;
    this.change(() => view.setOpen(row, open ?? !view.isOpen(row)), row);
  }

  /** Does something to what is open, and stays on the row. */
  change(action: () => void, on: Row | null = this.#rowAt(this.active.value)): void {
    const view = this.view.value;
    if (view === null) return;
    const key = on === null ? null : view.keyOf(on);
    batch(() => {
      action();
      const index = key === null ? -1 : view.indexOfKey(key);
      // Shut away with what was above it: the last row that is still before it.
      this.active.value = Math.min(index >= 0 ? index : this.active.value, view.rows.length - 1);
      this.changes.value++;
      this.update({ active: this.#keyAt(this.active.value) });
    });
  }

  revealSpan(spanId: string): void {
    const view = this.view.value;
    if (view === null) {
      this.#toReveal = spanId;
      return;
    }
    const position = view.positions.position(spanId);
    if (position < 0) this.notice.value = 'That span is not in this trace.';
    else this.reveal(position);
  }

  /** Shows a span, opened, wherever it is. */
  reveal(position: number): void {
    const view = this.view.value;
    if (view === null) return;
    batch(() => {
      if (view.filter !== null && !view.filter.keepsSpan(position)) this.setOptions({ kinds: null, errorsOnly: false });
      const index = view.reveal(position);
      if (this.state.value.mode !== 'tree') this.update({ mode: 'tree' });
      this.changes.value++;
      this.active.value = index;
      this.time.show(position);
    });
    this.openRow(this.active.value);
  }

  nextError(direction: 1 | -1): void {
    const view = this.view.value;
    if (view === null) return;
    const next = nextIn(view.errors, this.#activePosition(direction), direction);
    if (next < 0) this.announcement.value = 'No span of this trace has failed.';
    else {
      this.reveal(view.errors[next]!);
      this.announcement.value = `Error ${next + 1} of ${view.errors.length}.`;
    }
  }

  nextMatch(direction: 1 | -1): void {
    const matches = this.finder.matches.value;
    if (matches === null) return;
    const next = nextIn(matches.positions, this.#activePosition(direction), direction);
    // Asked for before the engine has answered: gone to when it has.
    this.#goWhenFound = next < 0 && this.finder.busy.value;
    if (next < 0) return;
    this.finder.goTo(next);
    this.reveal(matches.positions[next]!);
    this.announcement.value = `Match ${next + 1} of ${matches.positions.length}.`;
  }

  find(text: string): void {
    this.#goWhenFound = false;
    this.update({ find: text });
    this.finder.find(text);
  }

  /** Moves to the next row whose name begins so. */
  findByPrefix(prefix: string, from: number): void {
    const view = this.view.value;
    if (view === null) return;
    const { names, texts } = view.skeleton;
    const wanted = prefix.toLowerCase();
    const total = view.rows.length;
    for (let step = 0; step < Math.min(total, MAX_SEARCHED_ROWS); step++) {
      const at = (from + step) % total;
      const row = view.rows.at(at);
      const position = row.type === ROW.group ? firstPosition(view.display, row.node) : row.position;
      if (position >= 0 && texts[names[position]!]!.slice(0, wanted.length).toLowerCase().startsWith(wanted)) return this.moveTo(at);
    }
  }

  async copy(text: string): Promise<void> {
    if (await this.act(() => this.api.request('copy', { text }))) this.announcement.value = 'Copied.';
  }

  override dispose(): void {
    super.dispose();
    for (const timer of [this.#refresh, this.#follow, this.#findingsTimer]) clearTimeout(timer);
    this.#opened.dispose();
    this.finder.dispose();
  }

  async #reload(): Promise<void> {
    if (this.#reloading) return;
    this.#reloading = true;
    const began = performance.now();
    try {
      this.trace.value = (await this.api.request('trace/get', {})).row;
      this.waiting.value = false;
      await this.#load();
      this.failure.value = null;
      clearTimeout(this.#findingsTimer);
      this.#findingsTimer = setTimeout(() => void this.#readFindings(), FINDINGS_MS);
      this.#rest = REST_FACTOR * (performance.now() - began);
    } catch (error) {
      this.fail(error);
    } finally {
      this.#reloading = false;
    }
    // What was told of meanwhile.
    if (this.failure.value === null) this.changed(this.#revision);
  }

  /** One at a time: what changes meanwhile is asked for afterwards. */
  async #load(): Promise<void> {
    // Whoever asked for that one hears of its failure.
    await this.#loading?.catch(() => undefined);
    this.#loading = this.#loadSkeleton();
    try {
      await this.#loading;
    } finally {
      this.#loading = null;
    }
  }

  async #loadSkeleton(): Promise<void> {
    const before = this.view.value;
    const skeleton = await this.api.request('trace/skeleton', before === null ? {} : { knownRevision: before.skeleton.revision });
    if (skeleton === null) return;
    // Asked for before it was told to stand still.
    if (before !== null && !this.live.value) {
      this.waiting.value = true;
      return;
    }
    const { state } = this;
    const kept = before?.keep() ?? state.value.expansion ?? undefined;
    const activeKey = before === null ? state.value.active : this.#keyAt(this.active.value);
    const view = new TreeView(skeleton, optionsOf(state.value), kept);
    batch(() => {
      this.view.value = view;
      if (before !== null) this.time.rebase(before.skeleton.startNs);
      this.time.tick(Date.now());
      if (this.finder.matches.value !== null) this.finder.again();
      this.active.value = activeKey === null ? -1 : view.indexOfKey(activeKey);
      this.changes.value++;
      this.#opened.reopen(view, before === null ? state.value.open : this.#opened.key(before));
    });
  }

  async #readFindings(): Promise<void> {
    try {
      const state = await this.api.request('trace/findings', {});
      this.findings.value = state;
      // A large trace is examined piece by piece.
      if (state.examined < state.total) this.#findingsTimer = setTimeout(() => void this.#readFindings(), FINDINGS_MS);
    } catch (error) {
      this.tellProblem(error);
    }
  }

  #activePosition(direction: 1 | -1): number {
    const view = this.view.value;
    const row = this.#rowAt(this.active.value);
    if (view === null || row === null) return direction === 1 ? -1 : (view?.skeleton.count ?? 0);
    return row.position >= 0 ? row.position : firstPosition(view.display, row.node);
  }

  #rowAt(index: number): Row | null {
    const view = this.view.value;
    return view === null || index < 0 || index >= view.rows.length ? null : view.rows.at(index);
  }

  #keyAt(index: number): string | null {
    const row = this.#rowAt(index);
    return row === null ? null : (this.view.value?.keyOf(row) ?? null);
  }
}

function optionsOf(state: ViewState): ViewOptions {
  const kinds = state.kinds === null ? null : new Set(state.kinds.map((kind) => SPAN_KINDS.findIndex((known) => known === kind)));
  return { merge: state.merge, kinds, errorsOnly: state.errorsOnly };
}
