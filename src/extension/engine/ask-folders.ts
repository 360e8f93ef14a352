import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import { showError, type Services } from '../services.ts';
import type { FolderEngine } from './folder-engine.ts';

export interface FolderAnswer<T> {
  readonly engine: FolderEngine;
  readonly answer: T;
}

/**
 * What every folder answers, in their order. A folder that cannot (its database is locked, say, or of a newer program) hides none of the other
 * answers: what is wrong is told once, with its name, and nobody waits until that is put away. `tell`: for views, which ask again and again.
 * @throws what is wrong with the first folder, when none answers
 */
export async function askFolders<T>(
  { log }: Pick<Services, 'log'>, engines: readonly FolderEngine[], ask: (engine: FolderEngine) => Promise<T>, tell = (error: TouchstoneError): unknown => showError(log, error),
): Promise<FolderAnswer<T>[]> {
  const settled = await Promise.allSettled(engines.map(async (engine) => ({ engine, answer: await ask(engine) })));
  const answers = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failures = settled.flatMap((one, at) => (one.status === 'rejected' ? [{ folder: engines[at]?.folder.name ?? '', reason: one.reason as unknown }] : []));
  const [first] = failures;
  if (answers.length === 0 && first) throw first.reason;
  for (const { folder, reason } of failures) void tell(new TouchstoneError(reason instanceof TouchstoneError ? reason.code : 'internal', `${folder}: ${errorMessage(reason)}`, { cause: reason }));
  return answers;
}
