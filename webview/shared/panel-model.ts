import { signal, type Signal } from '@preact/signals';
import type { RpcPeer } from '../../src/protocol/rpc-peer.ts';
import { asFailure, type Failure } from './failure.ts';

export type PanelApi<Methods extends { readonly [M in keyof Methods]: readonly [unknown, unknown] }> = Pick<RpcPeer<Methods>, 'request'>;

/** At most so often: VS Code writes what is kept to its own storage. */
const KEEP_MS = 100;

/**
 * What the model of every panel has: its data's failure, the notice of an action that did not work, what is read out, and the view state
 * that survives a reload. A panel's own model extends it; `Panel` draws the failure and the notice.
 */
export abstract class PanelModel<Methods extends { readonly [M in keyof Methods]: readonly [unknown, unknown] }, State extends object> {
  readonly api: PanelApi<Methods>;
  /** Where the person was looking, never what was there. Changed by `update`. */
  readonly state: Signal<State>;
  /** Set while the data cannot be reached: what is shown may be out of date. */
  readonly failure = signal<Failure | null>(null);
  /** An action that did not work; the data is fine. */
  readonly notice = signal<string | null>(null);
  /** Read out by screen readers. */
  readonly announcement = signal('');
  readonly #save: (state: State, subject: string) => void;
  #keeping: ReturnType<typeof setTimeout> | undefined;
  #keptAt = -KEEP_MS;

  /** `save` keeps the state over a reload. */
  constructor(api: PanelApi<Methods>, state: State, save: (state: State, subject: string) => void) {
    this.api = api;
    this.state = signal(state);
    this.#save = save;
  }

  /** Reads what is shown; again after a failure, when the person asks for it. Fails into `failure`, never by throwing. */
  abstract start(): Promise<void>;

  /**
   * Id of what is shown; `null`: not known yet. After a restart of the window the extension learns from it what to show, so nothing is
   * kept without it.
   */
  protected abstract get subject(): string | null;

  /** What is kept: the state, with what a panel holds elsewhere while it is open. */
  protected keptState(): State {
    return this.state.value;
  }

  /** `keep: false` while something is on the move, e.g. a sash: the last change keeps it. */
  update(change: Partial<State>, keep = true): void {
    this.state.value = { ...this.state.value, ...change };
    if (keep) this.keep();
  }

  request<M extends keyof Methods & string>(method: M, params: Methods[M][0]): void {
    void this.act(() => this.api.request(method, params));
  }

  /** Does something for a person; what goes wrong is said in one line. `true`: it was done. */
  async act(action: () => Promise<unknown>): Promise<boolean> {
    this.notice.value = null;
    try {
      await action();
      return true;
    } catch (error) {
      this.tellProblem(error);
      return false;
    }
  }

  /** The page goes: what was to be kept a moment later is kept now. */
  dispose(): void {
    if (this.#keeping !== undefined) this.#keepNow();
  }

  /** Keeps the state: what `keptState` adds to it has changed. */
  protected keep(): void {
    this.#keeping ??= setTimeout(() => this.#keepNow(), Math.max(0, this.#keptAt + KEEP_MS - performance.now()));
  }

  #keepNow(): void {
    clearTimeout(this.#keeping);
    this.#keeping = undefined;
    this.#keptAt = performance.now();
    if (this.subject !== null) this.#save(this.keptState(), this.subject);
  }

  /** The data could not be read. */
  protected fail(error: unknown): void {
    const failure = asFailure(error);
    if (failure.code !== 'cancelled') this.failure.value = failure;
  }

  /** Something beside the data did not work; an engine that has stopped is a failure of the data too. */
  protected tellProblem(error: unknown): void {
    const failure = asFailure(error);
    if (failure.code === 'engine-stopped') this.failure.value = failure;
    else if (failure.code !== 'cancelled') this.notice.value = failure.message;
  }
}
