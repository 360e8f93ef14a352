import { join } from 'node:path';
import { errorMessage } from '../../core/errors.ts';
import type { TraceSink } from '../../core/trace/sink.ts';
import type { ReceiverStatus } from '../../protocol/traces.ts';
import { DATABASE_FILE, DATABASE_FOLDER } from '../sqlite/database.ts';
import { Admission } from './admission.ts';
import { createGrpcService, type GrpcService } from './grpc-service.ts';
import { Guard, type GuardOptions } from './guard.ts';
import { serveHttp } from './http-handler.ts';
import { Inflater } from './inflate.ts';
import { Intake, type ReceivedCounts } from './intake.ts';
import { Lease, type LeaseHolder } from './lease.ts';
import { DEFAULT_LIMITS, type ReceiverLimits } from './limits.ts';
import type { Listener, Protocols } from './listener.ts';
import { listenNear } from './ports.ts';

export interface ReceiverOptions {
  /** The workspace folder: one receiver at a time receives for it. */
  readonly folder: string;
  readonly sink: TraceSink;
  /** What other windows show when this one receives. */
  readonly owner: string;
  readonly limits?: Partial<ReceiverLimits>;
  /** Who may send; asked for whenever the receiver starts, which fails where this fails. */
  readonly guard?: () => Promise<GuardOptions>;
  onStatus?(status: ReceiverStatus): void;
  /** For a log: what went wrong and is nobody's mistake. */
  onProblem?(message: string): void;
}

export interface ReceiverPorts {
  /** 0: any free one. */
  readonly http: number;
  /** `null`: no port of its own for gRPC. */
  readonly grpc: number | null;
}

export interface Receiver {
  readonly status: ReceiverStatus;
  /** Of this process, since it began. */
  readonly counts: ReceivedCounts;
  /** Receives, or waits until the window that does is gone. Other ports than before move it. Resolves with how it stands then. */
  start(ports: ReceiverPorts): Promise<ReceiverStatus>;
  /** Answers what is under way, then closes. */
  stop(): Promise<void>;
}

/** Beside the database and named like it, so that what keeps the one out of Git keeps the other out too. */
const LEASE_FILE = `${DATABASE_FILE}.receiver`;
/** How often a window that waits looks whether the other one is gone. */
const LOOK_MS = 1000;
/** How long what is under way may take when the receiver stops. */
const GRACE_MS = 3000;

/** Receives OTLP and its relatives on loopback and hands them to the sink. */
export function createReceiver(options: ReceiverOptions): Receiver {
  return new LoopbackReceiver(options);
}

class LoopbackReceiver implements Receiver {
  readonly #options: ReceiverOptions;
  readonly #limits: ReceiverLimits;
  readonly #lease: Lease;
  readonly #intake: Intake;
  #status: ReceiverStatus = { state: 'off' };
  #ports: ReceiverPorts | null = null;
  #open: OpenReceiver | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Starting, stopping and taking over happen one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#lease = new Lease(join(options.folder, DATABASE_FOLDER, LEASE_FILE));
    this.#intake = new Intake(options.sink, (message) => options.onProblem?.(message));
  }

  get status(): ReceiverStatus {
    return this.#status;
  }

  get counts(): ReceivedCounts {
    return this.#intake.counts;
  }

  start(ports: ReceiverPorts): Promise<ReceiverStatus> {
    return this.#inTurn(async () => {
      const same = this.#ports?.http === ports.http && this.#ports.grpc === ports.grpc;
      if (same && (this.#status.state === 'on' || this.#status.state === 'elsewhere')) return this.#status;
      await this.#close();
      this.#ports = ports;
      this.#say({ state: 'starting' });
      await this.#tryToReceive(null);
      return this.#status;
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      this.#ports = null;
      await this.#close();
      await this.#lease.release();
      this.#say({ state: 'off' });
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const open = this.#open;
    this.#open = null;
    await open?.close();
  }

  /** @param before what is known of the window that received until now */
  async #tryToReceive(before: LeaseHolder | null): Promise<void> {
    const ports = this.#ports;
    if (!ports) return;
    try {
      if (!(await this.#lease.acquire())) {
        const holder = await this.#lease.holder();
        this.#say({ state: 'elsewhere', http: holder?.http ?? 0, grpc: holder?.grpc ?? null, owner: holder?.owner ?? 'another window' });
        this.#lookAgain(holder ?? before);
        return;
      }
      await this.#receive(ports, before ?? (await this.#lease.holder()));
    } catch (error) {
      await this.#lease.release().catch(() => undefined);
      this.#say({ state: 'failed', reason: errorMessage(error) });
    }
  }

  async #receive(ports: ReceiverPorts, before: LeaseHolder | null): Promise<void> {
    const heir = before !== null && before.requestedHttp === ports.http && before.requestedGrpc === ports.grpc ? before : null;
    const open = await openReceiver(this.#options, this.#limits, this.#intake, ports, heir);
    try {
      await this.#lease.announce({ owner: this.#options.owner, pid: process.pid, http: open.http, grpc: open.grpc, requestedHttp: ports.http, requestedGrpc: ports.grpc });
    } catch (error) {
      await open.close();
      throw error;
    }
    this.#open = open;
    this.#say({ state: 'on', http: open.http, grpc: open.grpc, requestedHttp: ports.http, requestedGrpc: ports.grpc ?? 0, since: Date.now() });
  }

  #lookAgain(before: LeaseHolder | null): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#inTurn(() => this.#tryToReceive(before));
    }, LOOK_MS);
    this.#timer.unref();
  }

  #say(status: ReceiverStatus): void {
    const changed = JSON.stringify(status) !== JSON.stringify(this.#status);
    this.#status = status;
    if (changed) this.#options.onStatus?.(status);
  }
}

interface OpenReceiver {
  readonly http: number;
  readonly grpc: number | null;
  close(): Promise<void>;
}

async function openReceiver(options: ReceiverOptions, limits: ReceiverLimits, intake: Intake, ports: ReceiverPorts, heir: LeaseHolder | null): Promise<OpenReceiver> {
  const guard = new Guard((await options.guard?.()) ?? {});
  let isClosing = false;
  const closing = (): boolean => isClosing;
  const context = {
    intake,
    limits,
    closing,
    guard,
    admission: new Admission(limits),
    inflater: new Inflater(limits.body),
    onProblem: (message: string): void => { options.onProblem?.(message); },
  };
  let grpcService: Promise<GrpcService> | null = null;
  const protocols: Protocols = {
    limits,
    onRequest: (request, response, expectsContinue) => { void serveHttp(context, request, response, expectsContinue); },
    onHttp2: (connection) => {
      connection.on('error', () => { /* a sender that goes away */ });
      grpcService ??= createGrpcService(context);
      grpcService.then(
        (service) => { service.serve(connection); },
        (error: unknown) => {
          grpcService = null;
          connection.destroy();
          context.onProblem(`gRPC cannot be served: ${errorMessage(error)}`);
        },
      );
    },
  };
  const listeners: Listener[] = [];
  const close = async (): Promise<void> => {
    isClosing = true;
    const service = await grpcService?.catch(() => null);
    service?.close(GRACE_MS);
    await Promise.all(listeners.map((listener) => listener.close(GRACE_MS)));
  };
  try {
    const http = await listenNear(ports.http, heir?.http ?? null, new Set(ports.grpc === null ? [] : [ports.grpc]), protocols);
    listeners.push(http);
    if (ports.grpc === null) return { http: http.port, grpc: null, close };
    const grpc = await listenNear(ports.grpc, heir?.grpc ?? null, new Set([ports.http]), protocols);
    listeners.push(grpc);
    return { http: http.port, grpc: grpc.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}
