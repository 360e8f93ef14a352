import { canonicalJson, isObject } from '../../../core/json.ts';
import type { PriceOverrides } from '../../../core/model/prices.ts';
import { normaliseSpan } from '../../../core/trace/normalise/normalise-span.ts';
import { SPAN_KINDS } from '../../../core/trace/skeleton.ts';
import { numbersOfTrace } from '../../../core/trace/store/numbers.ts';
import { keyOf, valuesThatFit } from './texts.ts';
import type { MemoryGrowth } from '../../../protocol/traces.ts';
import type { Database } from '../../sqlite/database.ts';
import { RawSpans } from './raw-spans.ts';
import { tracesByNumber } from './rows.ts';

const MOST_TRACES = 1000;
const MOST_ACCESSES = 5000;
const LONGEST_PREVIEW = 200;

/** Every access to a memory in the traces of a session, in the order of time, and how many items it is known to hold after each. */
export function memoryOf(database: Database, session: string, prices: PriceOverrides): MemoryGrowth {
  const numbers = database
    .prepare('SELECT f.trace FROM trace_facet f JOIN trace t ON t.n = f.trace WHERE f.key = ? AND f.value = (SELECT n FROM trace_text WHERE text = ?) AND EXISTS (SELECT 1 FROM trace_facet m WHERE m.trace = f.trace AND m.key = ? AND m.value = ?) ORDER BY t.start_ns LIMIT ?')
    .pluck()
    .all(keyOf('session'), session, keyOf('kind'), valuesThatFit(database, 'kind', [['memory']])[0] ?? -1, MOST_TRACES) as number[];
  const accesses: (Omit<MemoryGrowth['accesses'][number], 'size'> & { readonly keys: readonly string[] })[] = [];
  const ofTrace = database.prepare('SELECT n FROM span WHERE n BETWEEN ? AND ? AND kind = ? LIMIT ?').pluck();
  for (const stored of tracesByNumber(database, numbers)) {
    const { first, last } = numbersOfTrace(stored.n);
    const raw = new RawSpans(database, stored);
    for (const n of ofTrace.all(first, last, SPAN_KINDS.indexOf('memory'), MOST_ACCESSES - accesses.length) as number[]) {
      const numbered = raw.at(n);
      const span = numbered === null ? null : normaliseSpan(numbered.span, [], { prices, pending: numbered.pending });
      if (span?.memory == null) continue;
      const { operation, store, query, items } = span.memory;
      accesses.push({ traceId: span.traceId, spanId: span.spanId, timeNs: span.startNs, operation, store, query, items: items.length, preview: previewOf(items, query), keys: items.map(itemKey) });
    }
  }
  accesses.sort((a, b) => a.timeNs.length - b.timeNs.length || (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
  const held = new Map<string | null, Set<string>>();
  return {
    session,
    stores: [...new Set(accesses.flatMap(({ store }) => (store === null ? [] : [store])))],
    accesses: accesses.map(({ keys, ...access }) => {
      const store = held.get(access.store) ?? new Set();
      held.set(access.store, store);
      for (const key of keys) if (access.operation === 'delete') store.delete(key);
      else store.add(key);
      return { ...access, size: store.size };
    }),
  };
}

/** What makes two items the same: their id, else all that they hold. */
function itemKey(item: unknown): string {
  if (!isObject(item)) return canonicalJson(item);
  const id = item['id'] ?? item['memory_id'] ?? item['key'];
  return typeof id === 'string' || typeof id === 'number' ? `#${id}` : canonicalJson(item);
}

function previewOf(items: readonly unknown[], query: string | null): string {
  const [item] = items;
  const text = item === undefined ? (query ?? '') : typeof item === 'string' ? item : isObject(item) ? textIn(item) : (JSON.stringify(item) ?? '');
  return text.replace(/\s+/g, ' ').trim().slice(0, LONGEST_PREVIEW);
}

function textIn(item: Record<string, unknown>): string {
  const text = ['memory', 'content', 'text', 'value'].map((key) => item[key]).find((value) => typeof value === 'string');
  return text ?? JSON.stringify(item);
}
