import { FAILED, SPAN_FLAGS, SPAN_KINDS, type TraceSkeleton } from '../../../core/trace/skeleton.ts';
import type { TraceBreakdown } from '../../../protocol/traces.ts';
import type { OpenTrace } from './open-traces.ts';

/** Of more groups, those that took longest together. */
const MOST_GROUPS = 500;
const NOT_COUNTED = SPAN_FLAGS.aggregate | SPAN_FLAGS.duplicate;

/** What a trace consists of: its spans by kind, name and model. */
export function breakdownOf(trace: OpenTrace): TraceBreakdown {
  const { skeleton } = trace;
  const groupOf = new Int32Array(skeleton.count);
  const numbers = new Map<string, number>();
  const firsts: number[] = [];
  const sizes: number[] = [];
  for (let at = 0; at < skeleton.count; at++) {
    const key = `${skeleton.kinds[at]} ${skeleton.names[at]} ${skeleton.models[at]}`;
    let group = numbers.get(key);
    if (group === undefined) {
      group = firsts.push(at) - 1;
      sizes.push(0);
      numbers.set(key, group);
    }
    groupOf[at] = group;
    sizes[group]!++;
  }
  const sums = sumsOf(skeleton, groupOf, sizes);
  const groups = firsts.map((first, group) => ({
    kind: SPAN_KINDS[skeleton.kinds[first]!]!,
    name: trace.nameAt(first),
    model: skeleton.texts[skeleton.models[first]!] || null,
    count: sizes[group]!,
    ...sums(group),
  }));
  return { row: trace.stored.row, groups: groups.sort((a, b) => b.totalMs - a.totalMs || b.count - a.count).slice(0, MOST_GROUPS) };
}

type Sums = Pick<TraceBreakdown['groups'][number], 'errors' | 'p50Ms' | 'totalMs' | 'tokens' | 'cost'>;

function sumsOf(skeleton: TraceSkeleton, groupOf: Int32Array, sizes: readonly number[]): (group: number) => Sums {
  const offsets = new Int32Array(sizes.length + 1);
  for (let group = 0; group < sizes.length; group++) offsets[group + 1] = offsets[group]! + sizes[group]!;
  /** Durations of each group in a row; running spans have none. */
  const durations = new Float64Array(skeleton.count);
  const ended = new Int32Array(sizes.length);
  const errors = new Int32Array(sizes.length);
  const totals = new Float64Array(sizes.length);
  const tokens = new Float64Array(sizes.length).fill(NaN);
  const costs = new Float64Array(sizes.length).fill(NaN);
  for (let at = 0; at < skeleton.count; at++) {
    const group = groupOf[at]!;
    const duration = skeleton.durations[at]!;
    if (!Number.isNaN(duration)) {
      durations[offsets[group]! + ended[group]!++] = duration;
      totals[group]! += duration;
    }
    if (skeleton.flags[at]! & FAILED) errors[group]!++;
    if (skeleton.flags[at]! & NOT_COUNTED) continue;
    add(tokens, group, skeleton.inputTokens[at]!);
    add(tokens, group, skeleton.outputTokens[at]!);
    add(costs, group, skeleton.costs[at]!);
  }
  return (group) => {
    const sorted = durations.subarray(offsets[group], offsets[group]! + ended[group]!).sort();
    return { errors: errors[group]!, p50Ms: sorted.length === 0 ? null : sorted[Math.floor((sorted.length - 1) / 2)]!, totalMs: totals[group]!, tokens: known(tokens[group]!), cost: known(costs[group]!) };
  };
}

function add(sums: Float64Array, group: number, value: number): void {
  if (!Number.isNaN(value)) sums[group] = Number.isNaN(sums[group]!) ? value : sums[group]! + value;
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
