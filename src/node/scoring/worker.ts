import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { errorMessage } from '../../core/errors.ts';
import type { ProcessSettings, Reply, Request, WorkerSettings } from './messages.ts';
import { Outbox } from './outbox.ts';
import { RequestServer } from './request-server.ts';
import { StepClock } from './step-clock.ts';

/** Entry of whatever checks outputs beside the engine: a worker thread for parsers, or a process for user code. */

if (isMainThread) serveAsProcess();
else serveAsThread();

function serveAsThread(): void {
  const port = parentPort;
  if (port === null) throw new Error('A scoring thread needs its parent.');
  const { clock, wordnet } = workerData as WorkerSettings;
  const outbox = new Outbox<Reply>(
    (replies) => port.postMessage(replies),
    (reply, error) => {
      if ('id' in reply) port.postMessage([{ id: reply.id, kind: 'failed', message: `The result cannot be read: ${errorMessage(error)}` } satisfies Reply]);
    },
  );
  const server = new RequestServer({ clock: new StepClock(clock), wordnet, send: (reply) => outbox.add(reply) });
  port.on('message', (requests: readonly Request[]) => {
    for (const request of requests) server.accept(request);
  });
}

function serveAsProcess(): void {
  // The editor's way to start Node: no program that user code starts may inherit it.
  delete process.env['ELECTRON_RUN_AS_NODE'];
  const settings = JSON.parse(process.argv[2] ?? '') as ProcessSettings;
  const send = (reply: Reply, after?: () => void): void => {
    process.send?.(reply, undefined, {}, after);
  };
  const server = new RequestServer({ send });
  process.on('uncaughtException', (error: unknown) => send({ kind: 'crashed', message: errorMessage(error) }, () => process.exit(1)));
  process.on('disconnect', () => process.exit());
  process.on('message', (request) => server.accept(request as Request));
  watchOver(settings);
  send({ kind: 'started' });
}

/**
 * A thread that ends this process when it takes too much memory, buffers included, or when its parent is gone: the main
 * thread cannot see to it while user code runs there.
 */
function watchOver({ parent, memoryMb }: ProcessSettings): void {
  const limit = process.memoryUsage.rss() + memoryMb * 2 ** 20;
  const code = `
    const alive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
    setInterval(() => {
      if (process.memoryUsage.rss() > ${limit} || !alive(${parent})) process.kill(process.pid, 'SIGKILL');
    }, 50);`;
  new Worker(code, { eval: true, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 16 } }).unref();
}
