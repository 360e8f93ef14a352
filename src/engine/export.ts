import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TouchstoneError, errorMessage } from '../core/errors.ts';
import type { CellKey } from '../core/eval/model.ts';
import { REPORT_WRITERS } from '../core/report/formats.ts';
import type { ReportFormat, ReportSource } from '../core/report/model.ts';
import type { RunStore } from '../node/sqlite/run-store.ts';
import { listCells } from './cells.ts';
import type { Evals } from './evals.ts';

/** Cells read at once: bounds the memory of a report, whatever the run's size. */
const PAGE = 500;

/** Writes a report of stored runs. */
export async function exportRuns(store: RunStore, evals: Evals, runIds: readonly string[], format: ReportFormat, file: string): Promise<void> {
  const runs = runIds.map((id) => store.get(id));
  const source: ReportSource = {
    runs: runs.map((run) => evals.snapshotOf(run, store)),
    async *cells(runId, modelIndex, only) {
      const run = store.get(runId);
      for (let after: CellKey | undefined; ; ) {
        const { cells } = listCells(store, run, { from: 0, to: PAGE, ...(modelIndex === undefined ? {} : { modelIndex }), ...(only === undefined ? {} : { only }), ...(after === undefined ? {} : { after }) });
        if (cells.length > 0) yield cells;
        if (cells.length < PAGE) return;
        after = cells.at(-1)?.result;
      }
    },
  };
  await writeReport(file, REPORT_WRITERS[format](source));
}

/**
 * Writes a report in pieces beside its place and moves it there when it is whole, so that a reader never meets half of one.
 * @throws TouchstoneError 'usage'
 */
export async function writeReport(file: string, pieces: AsyncIterable<string> | Iterable<string>): Promise<void> {
  const partial = `${file}.${randomUUID()}.partial`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await pipeline(Readable.from(pieces), createWriteStream(partial));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    if (error instanceof TouchstoneError) throw error;
    throw new TouchstoneError('usage', `The report ${file} cannot be written: ${errorMessage(error)}`, { cause: error });
  }
}
