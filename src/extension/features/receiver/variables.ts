import { receiverEnvironment } from '../../../core/trace/receiver-environment.ts';
import type { FolderEngine } from '../../engine/folder-engine.ts';
import type { Sources } from '../../traces/sources.ts';

/** What leads programs of a folder to its receiver, beside what is set already; nothing while nobody receives. */
export function variablesFor(sources: Sources, engine: FolderEngine, own: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const status = sources.state(engine)?.receiver;
  // Another window of this workspace receives at that address, too.
  if (!sources.isEnabled(engine) || (status?.state !== 'on' && status?.state !== 'elsewhere')) return {};
  return receiverEnvironment(status, own);
}
