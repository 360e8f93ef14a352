import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage } from '../../core/errors.ts';
import { useNativeSha256 } from '../../core/hash.ts';
import { hash } from 'node:crypto';
import { SinkError } from '../../core/trace/sink.ts';
import { openDatabase } from '../sqlite/database.ts';
import { TraceWorker } from './worker-loop.ts';
import type { FromWorker, ToWorker, WorkerSettings, WorkerStart } from './worker-messages.ts';

/** The thread that writes traces: with a connection of its own, so that whoever serves and reads never waits for it. */
useNativeSha256((text) => hash('sha256', text));

const port = parentPort;
if (port === null) throw new Error('trace-worker is a worker thread');
const start = workerData as WorkerStart;
const post = (message: FromWorker): void => port.postMessage(message);

let settings: WorkerSettings = start;

/** Opened with the first batch that finds none open: a damaged file may have been moved away since. */
let opening: Promise<TraceWorker> | undefined;

function open(): Promise<TraceWorker> {
  opening ??= openDatabase(start.folder)
    .then((database) => new TraceWorker(database, { ...start, ...settings }, post))
    .catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
  return opening;
}


port.on('message', (message: ToWorker) => {
  if (message.type === 'settings') settings = message.settings;
  open().then(
    (worker) => {
      worker.take(message);
      if (message.type === 'close') port.close();
    },
    (error: unknown) => {
      if (message.type === 'close') return port.close();
      if (message.type === 'settings') return;
      const reason = error instanceof SinkError ? error.reason : 'store';
      post({ type: 'failed', id: message.id, reason, message: errorMessage(error), retryAfter: 5 });
    },
  );
});
