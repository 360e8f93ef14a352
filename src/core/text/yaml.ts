import { isAlias, isMap, isNode, isPair, isScalar, isSeq, parseDocument, type Document, type Node, type ParsedNode, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { errorMessage } from '../errors.ts';
import type { Diagnostic } from './diagnostic.ts';
import { LineMap, type SourceRange } from './position.ts';
import { mapScalar } from './scalar-map.ts';

/** A parsed YAML text (JSON is YAML) whose nodes know their exact place. Never throws: what is wrong is in `errors`. */
export class YamlSource {
  readonly text: string;
  readonly lines: LineMap;
  readonly root: Node | null;
  readonly errors: readonly Diagnostic[];
  readonly #document: Document.Parsed<ParsedNode> | null;

  constructor(text: string) {
    this.text = text;
    this.lines = new LineMap(text);
    let document: Document.Parsed<ParsedNode> | null = null;
    const errors: Diagnostic[] = [];
    try {
      document = parseDocument(text, { prettyErrors: false, merge: true, logLevel: 'error' });
      for (const error of document.errors) errors.push({ severity: 'error', code: 'yaml', message: explainYamlError(error), range: this.lines.range(...error.pos) });
    } catch (error) {
      // Thousands of nested brackets exhaust the parser's stack.
      errors.push({ severity: 'error', code: 'yaml', message: `cannot be read as YAML: ${error instanceof RangeError ? 'this is nested too deeply' : errorMessage(error)}`, range: this.lines.range(0, 0) });
    }
    this.#document = document;
    this.root = document?.contents ?? null;
    this.errors = errors;
  }

  /** The whole node, its quotes and block header included. */
  range(node: unknown): SourceRange {
    const [start, end] = isNode(node) && node.range ? node.range : [0, 0];
    return this.lines.range(start, trimmedEnd(this.text, start, end));
  }

  /** The text between quotes, or the lines of a block without its header. */
  contentRange(node: unknown): SourceRange {
    if (!isScalar(node) || typeof node.value !== 'string' || node.value === '') return this.range(node);
    const map = mapScalar(this.text, node);
    return map ? this.lines.range(map.sourceOffset(0), map.sourceEnd(node.value.length)) : this.range(node);
  }

  /** Ranges of parts of a scalar's value, given in UTF-16 units of the value. */
  rangesIn(node: Scalar, spans: readonly (readonly [number, number])[]): SourceRange[] {
    if (spans.length === 0) return [];
    const map = mapScalar(this.text, node);
    if (!map) return spans.map(() => this.range(node));
    return spans.map(([start, end]) => this.lines.range(map.sourceOffset(start), map.sourceEnd(end)));
  }

  /** Anchors, aliases and merge keys resolved. @throws TypeError-like errors of the parser, as YamlValueError */
  value(node: unknown): unknown {
    if (!isNode(node) || !this.#document) return node ?? null;
    try {
      return node.toJS(this.#document);
    } catch (error) {
      throw new YamlValueError(errorMessage(error));
    }
  }

  /** The node behind an alias; anything else unchanged. */
  resolve(node: unknown): unknown {
    return isAlias(node) && this.#document ? node.resolve(this.#document) : node;
  }
}

/** An alias that does not resolve, or one that would expand without end. */
export class YamlValueError extends Error {
  override readonly name = 'YamlValueError';
}

export interface YamlEntry {
  readonly key: string;
  readonly keyNode: unknown;
  readonly value: unknown;
}

/** Entries of a map in the order of the file; aliases resolved, keys as text. Merge keys are not expanded. */
export function entriesOf(source: YamlSource, map: YAMLMap): YamlEntry[] {
  const entries: YamlEntry[] = [];
  for (const item of map.items) {
    if (!isPair(item)) continue;
    const key = isScalar(item.key) ? String(item.key.value) : String(source.value(item.key));
    entries.push({ key, keyNode: item.key, value: source.resolve(item.value) });
  }
  return entries;
}

export function entryOf(source: YamlSource, map: YAMLMap, key: string): YamlEntry | undefined {
  return entriesOf(source, map).find((entry) => entry.key === key);
}

export function itemsOf(source: YamlSource, seq: YAMLSeq): unknown[] {
  return seq.items.map((item) => source.resolve(item));
}

export { isMap, isScalar, isSeq };
export type { Node, Scalar, YAMLMap, YAMLSeq };

/** A node's range may run on over blank lines and comments that follow it. */
function trimmedEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && /[\s]/.test(text[at - 1] ?? '')) at--;
  return at;
}

function explainYamlError(error: { code: string; message: string }): string {
  const message = error.message.replace(/\s+at line \d+, column \d+:[\s\S]*$/, '');
  // The parser reports that its own stack was exhausted as if it were a mistake in the text.
  if (/^Maximum call stack/.test(message)) return 'this is nested too deeply';
  const quote = /^Missing closing (["'])quote$/.exec(message)?.[1];
  if (quote !== undefined) return `a closing ${quote} is missing`;
  return error.code === 'MULTIPLE_DOCS' ? 'a file holds one YAML document: remove what follows the second `---`' : message;
}
