import { signal, type ReadonlySignal } from '@preact/signals';
import type { TimeWindow } from '../../../src/core/trace/view/activity.ts';
import { SHORTEST_WINDOW, within, zoomed } from '../../../src/core/trace/view/time-axis.ts';
import type { TreeView } from '../../../src/core/trace/view/tree-view.ts';

/** The axis of a trace with running spans grows with the clock, unless nothing has been heard of it for so long. */
const QUIET_MS = 15 * 60_000;

export interface TimeContext {
  readonly view: ReadonlySignal<TreeView | null>;
  /** Whether spans run, and are shown as they do. */
  isLive(): boolean;
  zoom(): TimeWindow | null;
  setZoom(zoom: TimeWindow | null): void;
  /** Position of the span that is looked at; -1: none. */
  lookedAt(): number;
}

/** The time axis: how long it is, and which part of it the rows show. Milliseconds after the trace's start. */
export class ShownTime {
  /** Of the clock, while the trace runs. */
  readonly now = signal(0);
  readonly #context: TimeContext;

  constructor(context: TimeContext) {
    this.#context = context;
  }

  /** The whole time axis; while the trace runs it ends now. */
  get whole(): TimeWindow {
    const end = Math.max(this.#context.view.value?.knownEnd ?? 0, this.isGrowing ? this.now.value : 0);
    return { from: 0, to: Math.max(end, SHORTEST_WINDOW) };
  }

  get window(): TimeWindow {
    const zoom = this.#context.zoom();
    return zoom === null ? this.whole : within(zoom, this.whole);
  }

  get isGrowing(): boolean {
    const view = this.#context.view.value;
    return view !== null && this.#context.isLive() && this.now.value > view.knownEnd && this.now.value - view.knownEnd < QUIET_MS;
  }

  /** The clock, while something runs. */
  tick(nowMs: number): void {
    const view = this.#context.view.value;
    if (view !== null && this.#context.isLive()) this.now.value = nowMs - Number(BigInt(view.skeleton.startNs) / 1_000_000n);
  }

  /** Times count from the trace's first start. When an earlier span has come (a root is often sent last), what is looked at stays the same. */
  rebase(startNsBefore: string): void {
    const zoom = this.#context.zoom();
    const view = this.#context.view.value;
    if (zoom === null || view === null || view.skeleton.startNs === startNsBefore) return;
    const shift = Number(BigInt(startNsBefore) - BigInt(view.skeleton.startNs)) / 1e6;
    this.#context.setZoom({ from: zoom.from + shift, to: zoom.to + shift });
  }

  /** `null`: the whole trace. */
  setZoom(zoom: TimeWindow | null): void {
    const { whole } = this;
    const next = zoom === null ? null : within(zoom, whole);
    this.#context.setZoom(next === null || (next.from <= whole.from && next.to >= whole.to) ? null : next);
  }

  /** `around`: a moment that stays where it is; the span that is looked at when it is seen, else the middle of what is. */
  zoomBy(factor: number, around = this.#middle()): void {
    this.setZoom(zoomed(this.window, this.whole, factor, around));
  }

  panBy(share: number): void {
    const { from, to } = this.window;
    const step = (to - from) * share;
    this.setZoom({ from: from + step, to: to + step });
  }

  /** Moves the zoomed window to a span that lies outside. */
  show(position: number): void {
    const zoom = this.#context.zoom();
    const extent = this.#extent(position);
    if (extent === null || zoom === null || (extent.to >= zoom.from && extent.from <= zoom.to)) return;
    const half = (zoom.to - zoom.from) / 2;
    const middle = (extent.from + extent.to) / 2;
    this.setZoom({ from: middle - half, to: middle + half });
  }

  #middle(): number {
    const { from, to } = this.window;
    const extent = this.#extent(this.#context.lookedAt());
    const middle = extent === null ? NaN : (extent.from + extent.to) / 2;
    return middle >= from && middle <= to ? middle : (from + to) / 2;
  }

  #extent(position: number): TimeWindow | null {
    const view = this.#context.view.value;
    if (view === null || position < 0) return null;
    const from = view.skeleton.starts[position]!;
    const duration = view.skeleton.durations[position]!;
    return { from, to: from + (Number.isNaN(duration) ? 0 : duration) };
  }
}
