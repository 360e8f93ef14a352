import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import type { GuardOptions } from '../../node/otlp/guard.ts';
import type { Receiver } from '../../node/otlp/receiver.ts';
import type { TailOptions, Tails } from '../../node/tail/tails.ts';
import type { ReadUpTo } from '../../node/tail/tailed-file.ts';
import type { ReceiverStatus, SourcesState, TraceMethods } from '../../protocol/traces.ts';
import type { Workspace } from '../workspace.ts';
import type { Traces } from './traces.ts';

export interface SourceEvents {
  changed(): void;
  log(level: 'info' | 'warn' | 'error', message: string): void;
}

/** Counts change with every batch: they are told of at most so often. */
const TOLD_EVERY_MS = 500;
const HTTP_PORT = 4318;
const GRPC_PORT = 4317;

/** Where the traces of one workspace folder come from: the receiver, and the files that touchstone.yml names. */
export class Sources {
  readonly #workspace: Workspace;
  readonly #traces: Traces;
  readonly #events: SourceEvents;
  #receiver: Promise<Receiver> | undefined;
  #tails: { readonly of: string; readonly tails: Promise<Tails | null> } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(workspace: Workspace, traces: Traces, events: SourceEvents) {
    this.#workspace = workspace;
    this.#traces = traces;
    this.#events = events;
  }

  /** How everything stands. Asking for it begins to follow the files. @throws TouchstoneError 'untrusted-workspace' | 'store' */
  async state(): Promise<SourcesState> {
    // In this order: who asks for the first time learns what there was before.
    const stored = await this.#traces.read('sources', {});
    const tails = await this.#follow();
    const receiver = await this.#receiver?.catch(() => undefined);
    return { ...stored, receiver: receiver?.status ?? { state: 'off' }, tails: tails?.status() ?? [] };
  }

  /** @throws TouchstoneError 'untrusted-workspace' | 'store' */
  async receive({ on, http = HTTP_PORT, grpc = GRPC_PORT }: TraceMethods['sources/receiver'][0]): Promise<ReceiverStatus> {
    this.#workspace.requireTrust();
    if (!on) {
      const receiver = await this.#receiver?.catch(() => undefined);
      await receiver?.stop();
      return receiver?.status ?? { state: 'off' };
    }
    void this.#follow().catch((error: unknown) => this.#events.log('warn', errorMessage(error)));
    this.#receiver ??= this.#createReceiver().catch((error: unknown) => {
      this.#receiver = undefined;
      throw error;
    });
    const receiver = await this.#receiver;
    // Closed meanwhile: nobody would stop it.
    if (this.#closed) throw new TouchstoneError('engine-stopped', 'The workspace folder was closed.');
    return receiver.start({ http, grpc });
  }

  /** Traces came or went: the counts are different. */
  told(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#events.changed();
    }, TOLD_EVERY_MS).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const [receiver, tails] = await Promise.all([this.#receiver?.catch(() => undefined), this.#tails?.tails.catch(() => null)]);
    await Promise.all([receiver?.stop(), tails?.close()]);
  }

  async #createReceiver(): Promise<Receiver> {
    // Loaded when it is needed, as are tails: an eval on the command line does without.
    const { createReceiver } = await import('../../node/otlp/receiver.ts');
    return createReceiver({
      folder: this.#workspace.folder,
      sink: await this.#traces.sink(),
      owner: this.#workspace.owner,
      guard: () => this.#guard(),
      onStatus: (status) => {
        this.#workspace.receiver = status.state === 'on' || status.state === 'elsewhere' ? status : null;
        this.#events.changed();
      },
      onProblem: (message) => this.#events.log('warn', message),
    });
  }

  /** Who may send, by touchstone.yml as it stands when the receiver starts. A file that cannot be used opens nothing. */
  async #guard(): Promise<GuardOptions> {
    const { receiver } = (await this.#workspace.usableConfig(this.#workspace.files())).traces;
    if (!receiver) return {};
    const { origins, hosts, token } = receiver;
    if (!token) return { origins, hosts };
    const value = (await this.#workspace.secret(token.env))?.trim();
    if (value === undefined || value === '') throw new TouchstoneError('missing-secret', `The receiver's token ${token.env} is not set: set it with "Touchstone: Set API Key" or in the environment.`);
    this.#workspace.redactor.add(value);
    return { origins, hosts, token: value };
  }

  /** The files that touchstone.yml names now. */
  async #follow(): Promise<Tails | null> {
    const { traces } = await this.#workspace.config(this.#workspace.files());
    const of = JSON.stringify(traces.sources.map(({ path, from }) => [path, from]));
    if (this.#tails?.of !== of) {
      const before = this.#tails?.tails;
      const tails = (async () => {
        await (await before?.catch(() => null))?.close();
        return traces.sources.length === 0 || this.#closed ? null : this.#createTails(traces.sources);
      })();
      this.#tails = { of, tails };
      tails.catch(() => {
        if (this.#tails?.tails === tails) this.#tails = undefined;
      });
    }
    return this.#tails.tails;
  }

  async #createTails(sources: TailOptions['sources']): Promise<Tails> {
    const sink = await this.#traces.sink();
    const { database } = await this.#workspace.store();
    const position = database.prepare('SELECT identity, offset FROM tail_position WHERE path = ?');
    const { createTails } = await import('../../node/tail/tails.ts');
    return createTails({
      folder: this.#workspace.folder,
      sources,
      sink,
      positionOf: (path) => (position.get(path) as ReadUpTo | undefined) ?? null,
      onChanged: () => this.told(),
      log: (message) => this.#events.log('info', message),
    });
  }
}
