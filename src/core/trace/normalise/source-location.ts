import type { SpanError } from '../model.ts';
import { numberOf, type SpanView } from './span-view.ts';

export interface CodeLocation {
  readonly file: string;
  /** One-based. */
  readonly line: number | null;
  readonly column: number | null;
  readonly function: string | null;
}

/** The place in the program's source: the stable attributes, else the ones before them, else the innermost own frame of an error's stack. */
export function codeLocationOf(view: SpanView, error: SpanError | null): { location: CodeLocation; from: string[] } | null {
  for (const [file, line, column, name] of [['code.file.path', 'code.line.number', 'code.column.number', 'code.function.name'], ['code.filepath', 'code.lineno', 'code.column', 'code.function']] as const) {
    const path = view.text(file);
    if (path !== null) return { location: { file: path, line: positive(view.number(line)), column: positive(view.number(column)), function: view.text(name) }, from: [file, line].filter((key) => view.has(key)) };
  }
  for (const [stack, from] of [[view.text('code.stacktrace'), 'code.stacktrace'], [error?.stack ?? null, 'exception.stacktrace']] as const) {
    const frame = stack === null ? null : innermostFrame(stack);
    if (frame) return { location: frame, from: [from] };
  }
  return null;
}

const LIBRARIES = /(?:^|[\\/])(?:node_modules|site-packages|dist-packages|internal)[\\/]|^node:|^<|[\\/]lib[\\/]python\d/;
/** A stack longer than this is cut: the frames that matter stand at one of its ends. */
const MAX_STACK = 100_000;

/** Python names its innermost frame last, JavaScript first. */
function innermostFrame(stack: string): CodeLocation | null {
  const text = stack.length <= MAX_STACK ? stack : stack.slice(0, MAX_STACK / 2) + stack.slice(-MAX_STACK / 2);
  const python = [...text.matchAll(/^ *File "([^"\n]{1,1000})", line (\d{1,9})(?:, in ([^\n]{1,200}))?$/gm)].map((match) => frameOf(match[1]!, match[2]!, undefined, match[3]));
  if (python.length > 0) return python.findLast((frame) => !LIBRARIES.test(frame.file)) ?? null;
  const script = [...text.matchAll(/^ *at (?:(?:async )?([^(\n]{1,200}) \()?(?:file:\/\/)?([^()\n]{1,1000}):(\d{1,9}):(\d{1,9})\)?$/gm)].map((match) => frameOf(match[2]!, match[3]!, match[4], match[1]));
  return script.find((frame) => !LIBRARIES.test(frame.file)) ?? null;
}

function frameOf(file: string, line: string, column: string | undefined, name: string | undefined): CodeLocation {
  return { file, line: positive(numberOf(line)), column: positive(numberOf(column)), function: name ?? null };
}

function positive(value: number | null): number | null {
  return value !== null && Number.isInteger(value) && value > 0 ? value : null;
}
