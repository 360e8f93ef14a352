import { UndecodableValue } from '../../core/trace/any-value.ts';
import { readRun } from '../../core/trace/formats/document-run.ts';
import type { RawLog, RawSpan, Rejection } from '../../core/trace/model.ts';
import { decodeOtlpRequest } from '../../core/trace/otlp-request.ts';
import { SinkError, type BatchOrigin, type DecodedBatch, type EncodedBatch, type TailPosition } from '../../core/trace/sink.ts';

/** A batch whose spans are known. */
export interface ReadBatch {
  readonly origin: BatchOrigin;
  readonly spans: readonly RawSpan[];
  readonly logs: readonly RawLog[];
  readonly rejected: readonly Rejection[];
  readonly metrics: number;
  readonly contentType: string;
  readonly position: TailPosition | null;
  /** Of documents: names of the formats that were met. */
  readonly formats: readonly string[];
}

/** @throws SinkError 'undecodable' */
export function readBatch(batch: EncodedBatch | DecodedBatch): ReadBatch {
  if ('spans' in batch) return { ...batch, metrics: 0, formats: [], contentType: 'application/json', position: batch.position ?? null };
  const { form, body, origin } = batch;
  const shared = { origin, position: batch.position ?? null, contentType: contentTypeOf(form) };
  try {
    if (form !== 'documents') return { ...shared, ...decodeOtlpRequest(form, body), formats: [] };
    return { ...shared, ...readRun({ bytes: body, firstLine: batch.firstLine ?? 1 }, batch.baseNs === undefined ? {} : { baseNs: batch.baseNs }), metrics: 0 };
  } catch (error) {
    if (error instanceof UndecodableValue) throw new SinkError('undecodable', error.message, { cause: error });
    throw error;
  }
}

export function contentTypeOf(form: EncodedBatch['form']): string {
  return form.endsWith('protobuf') ? 'application/x-protobuf' : 'application/json';
}
