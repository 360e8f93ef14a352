import { parentPort, workerData } from 'node:worker_threads';
import type { AssertionResult } from '../../core/assert/model.ts';
import { parseType } from '../../core/assert/types.ts';
import { errorMessage } from '../../core/errors.ts';
import { callFile, evaluateCheck, prepareCheck, runTransform, runTransformVars } from './evaluate.ts';
import type { Reply, Request, Task, WorkerSettings } from './messages.ts';
import { StepClock } from './step-clock.ts';

/** Entry of a scoring worker: makes one request's checks after the other and says on the shared clock where it is. */

const port = parentPort;
if (port === null) throw new Error('This file is started as a worker thread.');

const { clock: memory, ...settings } = workerData as WorkerSettings;
const { allowCode } = settings;
const clock = new StepClock(memory);
// User code may await: without the queue, the next request would start in the middle of this one.
let queue = Promise.resolve();

port.on('message', (request: Request) => {
  queue = queue.then(() => serve(request));
});

async function serve({ id, task }: Request): Promise<void> {
  if (task.kind === 'score') {
    await score(id, task);
    return;
  }
  clock.begin(id, 0);
  let reply: Reply;
  try {
    reply = { id, kind: 'value', value: await compute(task) };
  } catch (error) {
    reply = { id, kind: 'failed', message: errorMessage(error) };
  }
  clock.end();
  send(reply);
}

async function compute(task: Exclude<Task, { kind: 'score' }>): Promise<unknown> {
  if (task.kind === 'prepare') return await prepareCheck(task.spec, task.context, allowCode);
  if (task.kind === 'transform') return await runTransform(task.code, task.context, allowCode, task.baseDir);
  if (task.kind === 'call') return await callFile(task.file, task.arguments, allowCode, task.baseDir);
  return await runTransformVars(task.code, task.context, allowCode, task.baseDir);
}

async function score(id: number, { specs, only, context }: Extract<Task, { kind: 'score' }>): Promise<void> {
  let results: [number, AssertionResult][] = [];
  for (const [position, index] of only.entries()) {
    const spec = specs[index];
    if (spec === undefined) continue;
    clock.begin(id, index);
    results.push([index, await evaluateCheck(spec, context, settings)]);
    clock.end();
    // If a later check is stopped, the others of the request are made again: code, which may have effects, is not.
    const last = position === only.length - 1;
    if (!last && (runsCode(spec.type) || spec.transform !== undefined)) {
      send({ id, kind: 'results', results, done: false });
      results = [];
    }
  }
  send({ id, kind: 'results', results, done: true });
}

function runsCode(type: string): boolean {
  return parseType(type)?.info.code === true;
}

/** User code may have returned what cannot be copied to another thread: a function, a proxy, a getter that throws. */
function send(reply: Reply): void {
  try {
    port?.postMessage(reply);
  } catch (error) {
    port?.postMessage({ id: reply.id, kind: 'failed', message: `The code returned what cannot be read: ${errorMessage(error)}` } satisfies Reply);
  }
}
