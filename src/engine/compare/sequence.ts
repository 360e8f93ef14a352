import { SequentialComparison, randomOrder } from '../../core/compare/sequential.ts';
import type { ComparisonResult, PairedCase } from '../../core/compare/model.ts';
import type { RunSequence } from '../../core/eval/model.ts';
import type { CaseFacts } from '../../node/sqlite/case-facts.ts';
import type { CompareSettings } from '../../protocol/compare.ts';

/** What a sequence needs of a dataset: the cases in their random order, in batches that do not divide clusters. */
export function batchesOf(clusters: CaseFacts['clusters'], { seed, batch }: Pick<RunSequence, 'seed' | 'batch'>): number[][] {
  const batches: number[][] = [];
  let open: number[] = [];
  for (const unit of randomOrder(clusters, seed)) {
    open.push(...unit);
    if (open.length < batch) continue;
    batches.push(open);
    open = [];
  }
  return open.length === 0 ? batches : [...batches, open];
}

export function sequentialComparison(clusters: CaseFacts['clusters'], { until }: Pick<RunSequence, 'until'>, { metric, margin, sliceBy }: CompareSettings): SequentialComparison {
  const sizes = new Map<string, number>();
  for (const cluster of clusters) if (cluster !== null) sizes.set(cluster, (sizes.get(cluster) ?? 0) + 1);
  return new SequentialComparison({ metric, margin, until, largestCluster: Math.max(1, ...sizes.values()), ...(sliceBy === null ? {} : { sliceBy }) });
}

/** The result as it follows from the order in which the cases were asked for, and from every look at them. */
export function sequentialResult(cases: readonly PairedCase[], clusters: CaseFacts['clusters'], sequence: RunSequence, settings: CompareSettings): ComparisonResult {
  const comparison = sequentialComparison(clusters, sequence, settings);
  const asked = sequence.stopped?.cases ?? cases.length;
  let seen = 0;
  for (const batch of batchesOf(clusters, sequence)) {
    if (seen >= asked) break;
    comparison.add(batch.flatMap((index) => cases[index] ?? []));
    seen += batch.length;
  }
  const result = comparison.result();
  const [main, ...others] = result.metrics;
  if (sequence.stopped === null || comparison.answer !== null || main === undefined) return result;
  // Another metric, or the sides turned round, than what the cases were asked for until it was clear.
  const warning = [main.warning, `Cases were asked for until ${sequence.metric} was clear: the interval may be too narrow.`].filter((text) => text !== undefined).join(' ');
  return { ...result, metrics: [{ ...main, warning }, ...others] };
}

