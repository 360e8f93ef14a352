import { setImmediate as nextTurn } from 'node:timers/promises';
import { hash } from 'node:crypto';
import { documentsOfRun } from '../../core/trace/formats/document-run.ts';
import type { DocumentRun } from '../../core/trace/formats/document-stream.ts';
import type { TraceDocument } from '../../core/trace/formats/format.ts';
import { readTraceDocuments, type ReadTraces } from '../../core/trace/formats/read.ts';
import type { RawSpan, Rejection } from '../../core/trace/model.ts';

/** Sessions and other files whose lines only mean something together are held whole. */
export const MOST_TOGETHER_BYTES = 256 * 1024 * 1024;
const SLICE_MS = 10;

/** Gathers the documents of a file that must be read together. Parsing gives way to other work of the process in between. */
export class Together {
  readonly #documents: TraceDocument[] = [];
  readonly #rejected: Rejection[] = [];
  bytes = 0;

  async add(run: DocumentRun): Promise<void> {
    this.bytes += run.bytes.length;
    this.#rejected.push(...run.rejected);
    let began = performance.now();
    for (const document of documentsOfRun(run)) {
      if ('reason' in document) this.#rejected.push(document);
      else this.#documents.push(document);
      if (performance.now() - began < SLICE_MS) continue;
      await nextTurn();
      began = performance.now();
    }
  }

  read(baseNs: string): ReadTraces {
    const read = readTraceDocuments(this.#documents, { baseNs });
    return { ...read, rejected: [...this.#rejected, ...read.rejected] };
  }
}

const MOST_SPANS = 200;
const BATCH_LENGTH = 4 * 1024 * 1024;

/** Cuts spans into batches by what they hold: calls carry long histories, and a batch crosses to the store as one text. Never empty. */
export function batchesOf(spans: readonly RawSpan[]): RawSpan[][] {
  const lengths = new WeakMap<object, number>();
  let batch: RawSpan[] = [];
  const batches = [batch];
  let length = 0;
  for (const span of spans) {
    const more = lengthOf(span.attributes, lengths);
    if (batch.length >= MOST_SPANS || (batch.length > 0 && length + more > BATCH_LENGTH)) {
      batches.push((batch = []));
      length = 0;
    }
    batch.push(span);
    length += more;
  }
  return batches;
}

/** About the length of a value's JSON. Messages that many spans share are measured once. */
function lengthOf(value: unknown, known: WeakMap<object, number>): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  const before = known.get(value);
  if (before !== undefined) return before;
  let length = 2;
  for (const [key, member] of Object.entries(value)) length += key.length + 4 + lengthOf(member, known);
  known.set(value, length);
  return length;
}

/** Spans that a file has given before: of one that has grown only what is new or different goes to the store. */
export class KnownSpans {
  readonly #hashes = new Map<string, string>();

  /** The spans that have changed since they were last `remember`ed. */
  changed(spans: readonly RawSpan[]): RawSpan[] {
    return spans.filter((span) => this.#hashes.get(keyOf(span)) !== fingerprint(span));
  }

  remember(spans: readonly RawSpan[]): void {
    for (const span of spans) this.#hashes.set(keyOf(span), fingerprint(span));
  }
}

function keyOf(span: RawSpan): string {
  return `${span.traceId}${span.spanId}`;
}

/**
 * Of the history that a call carries only the length: the file is added to, never changed, and hashing the histories of all
 * calls would take the square of its size.
 */
function fingerprint({ attributes, resource: _resource, scope: _scope, ...members }: RawSpan): string {
  const short = attributes.map(({ key, value }) => [key, key === 'gen_ai.input.messages' && 'arrayValue' in value ? value.arrayValue?.values.length : value]);
  return hash('sha256', JSON.stringify([members, short]), 'base64');
}
