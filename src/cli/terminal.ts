import { visible } from '../core/text/visible.ts';

export { fit, widthOf } from '../core/text/columns.ts';

// Importing node:util as an ES module also loads what only its `diff` needs, which takes a fiftieth of a small eval's time.
const { styleText, stripVTControlCharacters } = process.getBuiltinModule('node:util');

type Style = Parameters<typeof styleText>[0];

/** How text may look where it goes. */
export interface Look {
  readonly color: boolean;
  /** Terminal columns. */
  readonly columns: number;
}

/** One of the two streams of the process. */
export interface Output extends Look {
  /** A person watches, and the cursor can be moved. */
  readonly live: boolean;
  /** Resolves when the stream took the text; false when nobody reads it any more. */
  write(text: string): Promise<boolean>;
}

export function outputOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Output {
  const terminal = stream.isTTY === true;
  let closed = false;
  // A reader such as `head` may leave early; without a listener that would end the process with a stack trace.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    closed = true;
  });
  return {
    color: wantsColor(terminal, env),
    live: terminal && env['TERM'] !== 'dumb',
    get columns() {
      return terminal ? (stream.columns ?? 80) : 100;
    },
    write: (text) =>
      new Promise((resolve) => {
        if (closed) resolve(false);
        else stream.write(text, () => resolve(!closed));
      }),
  };
}

/** https://no-color.org and https://force-color.org: FORCE_COLOR decides first, as in Node itself. */
export function wantsColor(terminal: boolean, env: NodeJS.ProcessEnv): boolean {
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced.toLowerCase() !== 'false';
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  return terminal && env['TERM'] !== 'dumb';
}

export function paint(look: Look, style: Style, text: string): string {
  return look.color ? styleText(style, text, { validateStream: false }) : text;
}

/** A hostile text made harmless on one line: escape sequences go, line ends become ⏎, other control characters their code. */
export function printable(text: string): string {
  return visible(stripVTControlCharacters(text));
}

/** The same with its line ends kept. */
export function printableLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/).map(printable);
}
