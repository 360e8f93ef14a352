import { importFile } from '../../node/tail/import-file.ts';
import type { ImportedFile, TraceMethods, TraceNotifications } from '../../protocol/traces.ts';
import type { Sources } from './sources.ts';
import type { Traces } from './traces.ts';

export type TraceHandlers = { readonly [M in keyof TraceMethods]: (params: TraceMethods[M][0], signal: AbortSignal) => Promise<TraceMethods[M][1]> };

export interface TraceParts {
  readonly traces: Traces;
  readonly sources: Sources;
}

/** What the engine answers about traces. `get`: the parts of the folder that is open. */
export function traceHandlers(get: () => TraceParts, onProgress: (progress: TraceNotifications['traces/progress']) => void): TraceHandlers {
  const read: Traces['read'] = (method, params, signal) => get().traces.read(method, params, signal);
  return {
    'traces/list': (params, signal) => read('traces/list', params, signal),
    'traces/sessions': (params, signal) => read('traces/sessions', params, signal),
    'traces/complete': (params, signal) => read('traces/complete', params, signal),
    'traces/get': (params, signal) => read('traces/get', params, signal),
    'traces/skeleton': (params, signal) => read('traces/skeleton', params, signal),
    'traces/span': (params, signal) => read('traces/span', params, signal),
    'traces/value': (params, signal) => read('traces/value', params, signal),
    'traces/find': (params, signal) => read('traces/find', params, signal),
    'traces/findings': (params, signal) => read('traces/findings', params, signal),
    'traces/breakdown': (params, signal) => read('traces/breakdown', params, signal),
    'traces/memory': (params, signal) => read('traces/memory', params, signal),
    'traces/export': async (params, signal) => ({ text: await read('text', params, signal) }),
    'traces/delete': async (params) => ({ deleted: await get().traces.delete(params) }),
    'traces/import': async ({ files }, signal) => {
      const sink = await get().traces.sink();
      const imported: ImportedFile[] = [];
      for (const file of files) imported.push(await importFile(file, { sink, signal, onProgress: (progress) => onProgress({ file, ...progress }) }));
      return { files: imported };
    },
    'sources/get': () => get().sources.state(),
    'sources/receiver': (params) => get().sources.receive(params),
    'sources/rejection': (params, signal) => read('sources/rejection', params, signal),
  };
}
