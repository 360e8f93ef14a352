import { relative, isAbsolute } from 'node:path';
import { describeError, TouchstoneError } from '../core/errors.ts';
import { printableLines } from './terminal.ts';

/** What the command tells the shell. `notEvaluated`: wrong usage or configuration, or nothing could be run at all. */
export const EXIT = { good: 0, failed: 1, notEvaluated: 2, cancelled: 130 } as const;

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
  if (!(error instanceof TouchstoneError) || error.place === undefined) return error;
  const near = relative(cwd, error.place.file);
  const file = near === '' || near.startsWith('..') || isAbsolute(near) ? error.place.file : near;
  return new TouchstoneError(error.code, error.message, { place: { ...error.place, file } });
}

export function usageError(message: string): TouchstoneError {
  return new TouchstoneError('usage', message);
}
