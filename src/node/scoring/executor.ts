import type { Reply, Request } from './messages.ts';

/** Where an executor is: a check of a request, and since when. */
export interface Step {
  readonly id: number;
  readonly index: number;
  readonly elapsedMs: number;
}

/** Why an executor is gone: ended by us, or by what it ran. */
export interface ExecutorEnd {
  readonly reason: 'stopped' | 'memory' | 'exited' | 'crashed';
  readonly message: string;
  /** Where it was when it ended; `null` between steps. */
  readonly step: Pick<Step, 'id' | 'index'> | null;
}

export interface ExecutorHandlers {
  onReply(reply: Reply): void;
  /** Once, when it is gone. Replies that were under way are lost. */
  onEnd(end: ExecutorEnd): void;
}

/** Something that answers requests one after the other and can be ended whatever it is doing: a thread or a process. */
export interface Executor {
  /** @throws DataCloneError when the request holds what cannot be copied */
  post(request: Request): void;
  /** `null` between steps. */
  step(): Step | null;
  /** Ends it; `onEnd` follows. `step`: what is to blame. */
  stop(message: string, step?: ExecutorEnd['step']): void;
  /** While something is expected from it, it keeps the program alive. */
  hold(busy: boolean): void;
}
