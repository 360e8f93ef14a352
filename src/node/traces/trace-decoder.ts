import { hash } from 'node:crypto';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { useNativeSha256 } from '../../core/hash.ts';
import { BatchPreparer } from './batch-preparer.ts';
import type { ToDecoder, ToWriter, WorkerSettings } from './worker-messages.ts';

/** The thread that reads batches. What it is told goes on to the thread that writes, in the same order. */
useNativeSha256((text) => hash('sha256', text));

const { settings, writer } = workerData as { settings: WorkerSettings; writer: MessagePort };
const preparer = new BatchPreparer();
preparer.set(settings);

const post = (message: ToWriter): void => writer.postMessage(message);

parentPort?.on('message', (message: ToDecoder) => {
  if (message.type === 'batch') post(preparer.prepare(message.id, message.batch));
  else {
    if (message.type === 'settings') preparer.set(message.settings);
    post(message);
    if (message.type === 'close') parentPort?.close();
  }
});
