import { hash } from 'node:crypto';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { errorMessage } from '../../core/errors.ts';
import { useNativeSha256 } from '../../core/hash.ts';
import { openDatabase } from '../sqlite/database.ts';
import { TraceWorker } from './worker-loop.ts';
import type { FromWriter, ToWriter, WorkerSettings, WriterStart } from './worker-messages.ts';

/** The thread that writes traces: with a connection of its own, so that whoever serves and reads never waits for it. */
useNativeSha256((text) => hash('sha256', text));

const { start, decoder } = workerData as { start: WriterStart; decoder: MessagePort };
const post = (message: FromWriter): void => parentPort?.postMessage(message);

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

decoder.on('message', (message: ToWriter) => {
  if (message.type === 'settings') settings = message.settings;
  open().then(
    (worker) => worker.take(message),
    (error: unknown) => {
      if (message.type !== 'settings' && message.type !== 'close') post({ type: 'failed', id: message.id, reason: 'store', message: errorMessage(error), retryAfter: 5 });
    },
  ).finally(() => {
    if (message.type === 'close') decoder.close();
  }).catch((error: unknown) => post({ type: 'problem', message: errorMessage(error) }));
});
