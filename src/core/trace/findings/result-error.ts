import { isObject } from '../../json.ts';
import type { Span } from '../model.ts';
import { parsed } from '../normalise/json-text.ts';
import { textOf } from '../normalise/span-view.ts';

/**
 * The error of a span whose status tells none: a tool's by its result, an evaluator's by its verdict, which is its first score, when that is
 * called a failure. `null`: there is none.
 */
export function hiddenErrorOf({ kind, status, toolResult, scores }: Pick<Span, 'kind' | 'status' | 'toolResult' | 'scores'>): string | null {
  if (status === 'error') return null;
  if (kind === 'tool') return errorInResult(toolResult);
  const verdict = kind === 'evaluator' ? scores[0] : undefined;
  return verdict?.label != null && FAILURE.test(verdict.label) ? (verdict.explanation ?? verdict.name) : null;
}

const FAILURE = /^fail(?:ed|ure)?$/i;

/**
 * The error that a tool's result tells although its span has none: `Error: …`, MCP's `isError`, `{"error": …}`, a status of 400 and
 * more, an exit code. `null`: it tells none. Only the beginning of a text counts: a page that quotes an error is no failure.
 */
export function errorInResult(result: unknown): string | null {
  const value = parsed(result);
  if (typeof value === 'string') return errorInText(value);
  if (!isObject(value)) return null;
  if (value['isError'] === true || value['is_error'] === true) return textOf(value['error']) ?? textOf(value['message']) ?? textIn(value['content']) ?? 'isError';
  const error = value['error'] ?? value['errors'];
  if (typeof error === 'string' && error !== '') return error;
  if (isObject(error)) return textOf(error['message']) ?? JSON.stringify(error).slice(0, 200);
  if (Array.isArray(error) && error.length > 0) return JSON.stringify(error).slice(0, 200);
  const status = Number(value['status_code'] ?? value['statusCode'] ?? (typeof value['status'] === 'number' ? value['status'] : NaN));
  if (Number.isInteger(status) && status >= 400 && status < 600) return `HTTP status ${status}`;
  const exit = Number(value['exit_code'] ?? value['exitCode'] ?? value['returncode'] ?? NaN);
  return Number.isInteger(exit) && exit !== 0 ? `exit code ${exit}` : null;
}

function errorInText(text: string): string | null {
  const start = text.slice(0, 2000).trimStart();
  const line = start.split('\n', 1)[0]!.trim();
  if (/^(?:[\w.]*(?:Error|Exception)\b|ERROR\b|error\b)\s*(?::|\[|$)/.test(line)) return line;
  if (start.startsWith(TRACEBACK)) return raised(text);
  const exit = /^exit ?code: (\d+)/i.exec(line)?.[1];
  if (exit === undefined || exit === '0') return null;
  return text.includes(TRACEBACK) ? raised(text) : line;
}

const TRACEBACK = 'Traceback (most recent call last)';
/** Deep recursion makes long ones. */
const MAX_STACK = 100_000;

/** The frames of a stack are indented: what was wrong is the first line after them. What the program printed itself may follow. */
function raised(text: string): string {
  const stack = text.slice(text.lastIndexOf(TRACEBACK) + TRACEBACK.length).slice(0, MAX_STACK);
  const line = stack.split('\n').slice(1).find((candidate) => candidate !== '' && !/^\s/.test(candidate));
  return line === undefined ? TRACEBACK : line.trim();
}

function textIn(content: unknown): string | null {
  return Array.isArray(content) ? ((content as unknown[]).map((part) => (isObject(part) ? textOf(part['text']) : null)).find((text) => text !== null) ?? null) : textOf(content);
}
