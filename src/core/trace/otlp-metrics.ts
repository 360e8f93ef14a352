import { isObject, type JsonObject } from '../json.ts';
import { tag, WireReader } from './protobuf-reader.ts';

const MESSAGE = { 1: tag(1, 'bytes'), 2: tag(2, 'bytes') } as const;

/** Gauge, sum, histogram, exponential histogram and summary: each has its data points in field 1. */
const KINDS: ReadonlySet<number> = new Set([5, 7, 9, 10, 11].map((field) => tag(field, 'bytes')));

/** How many data points an `ExportMetricsServiceRequest` holds. Nothing else of metrics is read. @throws UndecodableValue */
export function countPointsProtobuf(body: Uint8Array): number {
  const reader = new WireReader(body);
  let points = 0;
  within(reader, body.length, MESSAGE[1], (resourceEnd) => {
    within(reader, resourceEnd, MESSAGE[2], (scopeEnd) => {
      within(reader, scopeEnd, MESSAGE[2], (metricEnd) => {
        within(reader, metricEnd, KINDS, (end) => {
          within(reader, end, MESSAGE[1], (pointEnd) => {
            points++;
            reader.pos = pointEnd;
          });
        });
      });
    });
  });
  return points;
}

/** Reads the fields of a message up to its end, and gives those with the tag to `read`. */
function within(reader: WireReader, end: number, wanted: number | ReadonlySet<number>, read: (end: number) => void): void {
  while (reader.pos < end) {
    const field = reader.tag();
    if (typeof wanted === 'number' ? field === wanted : wanted.has(field)) read(reader.end(end));
    else reader.skip(field);
  }
  reader.finish(end);
}

/** The same of a request in OTLP/JSON. */
export function countPointsJson(request: JsonObject): number {
  let points = 0;
  for (const batch of listOf(request, 'resourceMetrics', 'resource_metrics')) {
    for (const group of listOf(batch, 'scopeMetrics', 'scope_metrics', 'instrumentationLibraryMetrics')) {
      for (const metric of listOf(group, 'metrics')) {
        if (!isObject(metric)) continue;
        for (const kind of Object.values(metric)) points += listOf(kind, 'dataPoints', 'data_points').length;
      }
    }
  }
  return points;
}

function listOf(value: unknown, ...keys: string[]): unknown[] {
  if (!isObject(value)) return [];
  const list = keys.map((key) => value[key]).find(Array.isArray);
  return list ?? [];
}
