import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import type { CellTraceMethods, ImportedFile, TraceMethods, TraceNotifications } from '../../protocol/traces.ts';
import type { CellTraces } from './cell-traces.ts';
import type { Sources } from './sources.ts';
import type { Traces } from './traces.ts';

type Methods = TraceMethods & CellTraceMethods;
export type TraceHandlers = { readonly [M in keyof Methods]: (params: Methods[M][0], signal: AbortSignal) => Promise<Methods[M][1]> };

export interface TraceParts {
  readonly traces: Traces;
  readonly sources: Sources;
  readonly cells: CellTraces;
}

/** How long a list of eval traces waits for those that are still to be written. */
const EVALS_WAIT_MS = 1500;

/** What the engine answers about traces. `get`: the parts of the folder that is open. */
export function traceHandlers(get: () => TraceParts, onProgress: (progress: TraceNotifications['traces/progress']) => void): TraceHandlers {
  const read: Traces['read'] = (method, params, signal) => get().traces.read(method, params, signal);
  /** Traces of eval cells are written when somebody asks for them: what is not there may be one. */
  const orOfCell = async <T>(traceId: string, ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TouchstoneError && error.code === 'not-found') || !(await get().cells.writeById(traceId))) throw error;
      return ask();
    }
  };
  return {
    'cells/trace': async ({ runId, key }) => ({ traceId: await get().cells.write(runId, key) }),
    'traces/list': async (params, signal) => {
      const { cells } = get();
      if (/\borigin:"?eval/.test(params.query)) await Promise.race([cells.settle(), sleep(EVALS_WAIT_MS, undefined, { ref: false })]);
      else cells.nudge();
      return read('traces/list', params, signal);
    },
    'traces/sessions': (params, signal) => read('traces/sessions', params, signal),
    'traces/complete': (params, signal) => read('traces/complete', params, signal),
    'traces/get': (params, signal) => orOfCell(params.traceId, () => read('traces/get', params, signal)),
    'traces/skeleton': (params, signal) => orOfCell(params.traceId, () => read('traces/skeleton', params, signal)),
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
      // Loaded when it is needed: most commands, and most windows, import nothing.
      const { importFile } = await import('../../node/tail/import-file.ts');
      const imported: ImportedFile[] = [];
      for (const file of files) {
        try {
          imported.push(await importFile(file, { sink, signal, onProgress: (progress) => onProgress({ file, ...progress }) }));
        } catch (error) {
          // What is known of the others must not be lost with this one.
          if (files.length === 1 || signal.aborted) throw error;
          imported.push({ file, format: 'unknown', traces: 0, spans: 0, logs: 0, rejected: [{ where: '', reason: errorMessage(error) }], traceIds: [] });
        }
      }
      return { files: imported };
    },
    'sources/get': () => get().sources.state(),
    'sources/receiver': (params) => get().sources.receive(params),
    'sources/rejection': (params, signal) => read('sources/rejection', params, signal),
  };
}
