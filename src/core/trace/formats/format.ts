import type { Decoded } from '../model.ts';

/** One JSON value of an input: the file itself, or a line of it. */
export interface TraceDocument {
  /** `line 12`; empty for a file that is one value. */
  readonly where: string;
  readonly value: unknown;
}

export interface ReadOptions {
  /** Where recordings without times begin, nanoseconds since 1970 (a file's own time, say). */
  readonly baseNs?: string;
}

/** A shape in which traces are kept or sent. */
export interface TraceFormat {
  readonly name: string;
  /** What a document means depends on others of its input, however far away: all of them must be read together. */
  readonly isSpread?: boolean;
  /** Whether a JSON value is of this shape. Looks at few members, and at one item of a list. */
  sniff(value: unknown): boolean;
  /** All documents of one input that are of this shape, in their order: sessions are spread over many lines. */
  read(documents: readonly TraceDocument[], options: ReadOptions): Decoded;
}
