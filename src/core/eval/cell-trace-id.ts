import { hashText } from '../hash.ts';

const RUN_DIGITS = 24;
const MOST_CELLS = 2 ** 32;

/** Of the trace of a cell whose answer came from the cache: it took no time. */
export const CACHED_TAG = 'cached';

/**
 * The id of a cell's trace, 32 hex digits: 24 of its run, 8 of its number in the run (core/eval/ordinal). So nothing has to be
 * stored to find the trace of a cell, or the cell of a trace.
 */
export function traceIdOfCell(runId: string, ordinal: number): string {
  if (!(ordinal >= 0 && ordinal < MOST_CELLS)) throw new RangeError(`no cell has the number ${ordinal}`);
  return digitsOfRun(runId) + ordinal.toString(16).padStart(32 - RUN_DIGITS, '0');
}

/** The cell's number, when the trace is one of the run's; else `null`. */
export function ordinalOfTrace(traceId: string, runId: string): number | null {
  return traceId.length === 32 && traceId.startsWith(digitsOfRun(runId)) ? Number.parseInt(traceId.slice(RUN_DIGITS), 16) : null;
}

export function rootSpanOfCell(traceId: string): string {
  return hashText(`${traceId} cell`).slice(0, 16);
}

/** Numbers of attempts begin at 1; 0: an answer that was on this machine already. */
export function spanOfAttempt(traceId: string, number: number): string {
  return hashText(`${traceId} attempt ${number}`).slice(0, 16);
}

export function spanOfChecks(traceId: string): string {
  return hashText(`${traceId} checks`).slice(0, 16);
}

/** What a program is told, so that its spans become part of the cell's trace: https://www.w3.org/TR/trace-context/#traceparent-header */
export function traceparentOfAttempt(traceId: string, number: number): string {
  return `00-${traceId}-${spanOfAttempt(traceId, number)}-01`;
}

function digitsOfRun(runId: string): string {
  return hashText(`touchstone run ${runId}`).slice(0, RUN_DIGITS);
}
