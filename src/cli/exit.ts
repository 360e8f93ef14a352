import { relative, isAbsolute } from 'node:path';
import { describeError, TouchstoneError } from '../core/errors.ts';
import { printableLines } from './terminal.ts';

/** What the command tells the shell. `notEvaluated`: wrong usage or configuration, or nothing could be run at all; `undecided`: a comparison that cannot be told. */
export const EXIT = { good: 0, failed: 1, notEvaluated: 2, undecided: 3, cancelled: 130 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof TouchstoneError && error.code === 'cancelled' ? EXIT.cancelled : EXIT.notEvaluated;
}

/**
 * The error in the form that terminals make clickable, its file relative to the current folder where it lies below it. Errors
 * quote prompts, datasets and answers, so they are made as harmless as these.
 */
export function errorLine(error: unknown, cwd: string): string {
  return printableLines(describeError(nearby(error, cwd))).join('\n');
}

function nearby(error: unknown, cwd: string): unknown {
  return error instanceof TouchstoneError ? nearbyError(error, cwd) : error;
}

function nearbyError({ code, message, place, others }: TouchstoneError, cwd: string): TouchstoneError {
  return new TouchstoneError(code, message, {
    ...(place === undefined ? {} : { place: { ...place, file: nearbyPath(place.file, cwd) } }),
    others: others.map((other) => nearbyError(other, cwd)),
  });
}

function nearbyPath(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near === '' || near.startsWith('..') || isAbsolute(near) ? path : near;
}

export function usageError(message: string): TouchstoneError {
  return new TouchstoneError('usage', message);
}
