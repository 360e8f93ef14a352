import { needsCode } from '../../core/assert/code.ts';
import type { AssertionResult } from '../../core/assert/model.ts';
import { errorMessage } from '../../core/errors.ts';
import { callFile, evaluateCheck, prepareCheck, runTransform, runTransformVars } from './evaluate.ts';
import type { Reply, Request, Task } from './messages.ts';
import type { StepClock } from './step-clock.ts';

export interface RequestServerOptions {
  send(reply: Reply): void;
  /** Told where the work is; a process does without, its parent sees it by the replies. */
  readonly clock?: StepClock;
  readonly wordnet?: string | undefined;
}

/** Answers requests one after the other. User code may await: without the queue, requests would run into each other. */
export class RequestServer {
  readonly #options: RequestServerOptions;
  #queue = Promise.resolve();

  constructor(options: RequestServerOptions) {
    this.#options = options;
  }

  accept(request: Request): void {
    this.#queue = this.#queue.then(() => this.#serve(request));
  }

  async #serve({ id, task }: Request): Promise<void> {
    if (task.kind === 'score') {
      await this.#score(id, task);
      return;
    }
    const { clock } = this.#options;
    clock?.begin(id, 0);
    let reply: Reply;
    try {
      reply = { id, kind: 'value', value: await compute(task) };
    } catch (error) {
      reply = { id, kind: 'failed', message: errorMessage(error) };
    }
    clock?.end();
    this.#send(reply, id);
  }

  async #score(id: number, { specs, only, context }: Extract<Task, { kind: 'score' }>): Promise<void> {
    const { clock, wordnet } = this.#options;
    let results: [number, AssertionResult][] = [];
    for (const [position, index] of only.entries()) {
      const spec = specs[index];
      if (spec === undefined) continue;
      clock?.begin(id, index);
      results.push([index, await evaluateCheck(spec, context, wordnet)]);
      clock?.end();
      // If a later check is stopped, the others of the request are made again: code, which may have effects, is not.
      if (needsCode(spec) && position < only.length - 1) {
        this.#send({ id, kind: 'results', results, done: false }, id);
        results = [];
      }
    }
    this.#send({ id, kind: 'results', results, done: true }, id);
  }

  /** User code may have returned what cannot be copied to another thread or process: a function, a proxy. */
  #send(reply: Reply, id: number): void {
    try {
      this.#options.send(reply);
    } catch (error) {
      this.#options.send({ id, kind: 'failed', message: `The code returned what cannot be read: ${errorMessage(error)}` });
    }
  }
}

async function compute(task: Exclude<Task, { kind: 'score' }>): Promise<unknown> {
  if (task.kind === 'prepare') return await prepareCheck(task.spec, task.context);
  if (task.kind === 'transform') return await runTransform(task.code, task.context, task.baseDir);
  if (task.kind === 'call') return await callFile(task.file, task.arguments, task.baseDir);
  return await runTransformVars(task.code, task.context, task.baseDir);
}
