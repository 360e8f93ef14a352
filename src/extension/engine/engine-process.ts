import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { TouchstoneError } from '../../core/errors.ts';
import type { EngineMethods, HostNotifications } from '../../protocol/engine.ts';
import type { CellTraceMethods } from '../../protocol/traces.ts';
import { RpcPeer, type RpcHandler, type RpcListener } from '../../protocol/rpc-peer.ts';

/** better-sqlite3's binary is built for Node-API 10; loaded into an older runtime it crashes without an error. */
const NEEDED_NODE_API = 10;

export type AskedMethods = EngineMethods & CellTraceMethods;
export type EnginePeer = RpcPeer<AskedMethods, HostNotifications>;

export interface EngineExit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface EngineProcess {
  readonly peer: EnginePeer;
  readonly pid: number;
  /** Resolves once, when the process has ended. */
  readonly exited: Promise<EngineExit>;
  /** Asks it to end by closing the channel; kills it when it has not ended after two seconds. */
  stop(): void;
}

export interface EngineProcessOptions {
  /** Absolute path of the engine's bundle. */
  readonly entry: string;
  readonly handlers: Readonly<Record<string, RpcHandler>>;
  readonly listeners: Readonly<Record<string, RpcListener>>;
  /** A line that the process printed outside of the protocol. */
  readonly onOutput: (line: string) => void;
  readonly onProblem: (error: TouchstoneError) => void;
}

/** @throws TouchstoneError 'internal' where the runtime of this VS Code cannot carry the engine */
export function checkRuntime(versions: { readonly napi?: string; readonly node: string } = process.versions): void {
  const nodeApi = Number(versions.napi ?? 0);
  if (nodeApi >= NEEDED_NODE_API) return;
  throw new TouchstoneError('internal', `Touchstone needs VS Code 1.101 or newer: its engine needs Node-API ${NEEDED_NODE_API} (Node 22.14), and this VS Code has Node-API ${nodeApi} (Node ${versions.node}).`);
}

/**
 * As bin/touchstone starts the command: a small young generation and an old one that V8 lets grow with care, because it is not boundless.
 * Without them a run takes several times of the memory that it needs.
 */
const HEAP_FLAGS = ['--max-semi-space-size=8', '--max-old-space-size=1200'];

/**
 * Starts the engine as a process of its own, so that a native crash or a run out of memory ends only the engine.
 * The runtime is the one of the extension host (in a desktop VS Code: Electron as Node).
 * @throws TouchstoneError as `checkRuntime` does
 */
export function startEngineProcess(options: EngineProcessOptions): EngineProcess {
  checkRuntime();
  const child = fork(options.entry, [], {
    env: engineEnvironment(),
    // Not the host's own flags: a debugged extension host would hand its inspector port on.
    execArgv: [...HEAP_FLAGS, ...(process.allowedNodeEnvironmentFlags.has('--use-system-ca') ? ['--use-system-ca'] : [])],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const peer: EnginePeer = new RpcPeer<AskedMethods, HostNotifications>(
    (message) => {
      if (!child.connected) throw new TouchstoneError('engine-stopped', 'The engine has stopped.');
      child.send(message);
    },
    { handlers: options.handlers, listeners: options.listeners, onProblem: options.onProblem },
  );
  child.on('message', (message) => peer.receive(message));
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', options.onOutput);
  }
  const exited = new Promise<EngineExit>((resolve) => {
    child.once('error', (error) => {
      options.onProblem(new TouchstoneError('engine-stopped', `The engine cannot be started: ${error.message}`));
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  void exited.then(() => peer.dispose(new TouchstoneError('engine-stopped', 'The engine stopped before it answered. What was finished is kept.')));
  return {
    peer,
    pid: child.pid ?? -1,
    exited,
    stop() {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
      timer.unref();
      void exited.then(() => clearTimeout(timer));
    },
  };
}

/** The host's environment (certificates, proxies) without the variables by which VS Code steers its own processes. */
function engineEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  for (const name of Object.keys(env)) {
    if (name.startsWith('VSCODE_')) delete env[name];
  }
  return env;
}
