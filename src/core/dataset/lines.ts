/** One line of a text that arrives in pieces. */
export interface TextLine {
  readonly text: string;
  /** Zero-based. */
  readonly number: number;
}

/** Splits pieces into lines without their ends (`\n`, `\r\n`), holding one line at a time. The last may lack its end. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<TextLine> {
  let rest = '';
  let number = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      yield { text: withoutReturn(rest + chunk.slice(start, end)), number: number++ };
      rest = '';
      start = end + 1;
    }
    rest += chunk.slice(start);
  }
  if (rest !== '') yield { text: withoutReturn(rest), number };
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
