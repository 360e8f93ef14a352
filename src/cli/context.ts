import type { EngineClient, EngineNotifications } from '../protocol/engine.ts';
import type { Output } from './terminal.ts';

export type EngineLog = (entry: EngineNotifications['log']) => void;

/** Everything that a command has to do with the world: the real process, or a test. */
export interface CliContext {
  readonly version: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** For what was asked for: tables, documents. */
  readonly stdout: Output;
  /** For everything else: progress, logs, errors. */
  readonly stderr: Output;
  readonly now: () => number;
  /** The Engine for a workspace folder, configured and ready. */
  openEngine(folder: string, log: EngineLog): Promise<EngineClient>;
  /** Called at every Ctrl+C (SIGINT) and SIGTERM while somebody listens; returns the way to stop listening. */
  onInterrupt(listener: () => void): () => void;
  /** Ends the process at once, without waiting for anything. */
  exitNow(code: number): void;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly workspace?: string;
  readonly verbose?: boolean;
}
