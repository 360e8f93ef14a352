import { formatCount } from '../text/format.ts';
import type { ReportedComparison } from './compare-model.ts';

const TESTS = {
  'mcnemar-exact': "McNemar's exact test",
  'paired-t': 'a paired t-test of the cases’ means',
  'sign-flip': 'a sign-flip permutation test of the cases’ means',
  bootstrap: 'a bootstrap over cases',
  'paired-medians': 'order statistics of the cases',
  sequential: 'bounds that hold however often one looks',
  none: 'no test',
} as const;

/** Prompt, dataset and size, in a line's parts. */
export function comparisonFacts({ a, b, datasetName, cases, result }: ReportedComparison): string[] {
  const repeats = result?.repeats ?? 1;
  const size = `${formatCount(cases, 'case')}${repeats > 1 ? ` × ${formatCount(repeats, 'repeat')}` : ''}`;
  // Labels say which models they are where these differ.
  const models = a.model === b.model ? a.model : '';
  const prompts = a.promptId === b.promptId ? a.promptId : `${a.promptId} → ${b.promptId}`;
  return [prompts, [datasetName ?? '', size].filter((part) => part !== '').join(', '), models].filter((part) => part !== '');
}

/** By what the numbers were found, and from which runs, so that somebody else can check them. */
export function howItWasMade({ a, b, result, settings }: ReportedComparison): string[] {
  const [metric] = result?.metrics ?? [];
  const runs = `Runs ${a.runId} (${a.version ?? 'from the file'}) and ${b.runId} (${b.version ?? 'from the file'}), paired by case${(result?.repeats ?? 1) > 1 ? ', repeats averaged first' : ''}${metric?.clusters == null ? '' : ', clusters kept whole'}.`;
  const unanswered = result === null || result.unanswered === 0 ? '' : `${formatCount(result.unanswered, 'case')} without an answer on both sides ${result.unanswered === 1 ? 'is' : 'are'} left out.`;
  const test = metric === undefined || metric.test === 'none' ? '' : `The verdict is by ${TESTS[metric.test]}; slices and the other metrics are adjusted by Holm.`;
  return [runs, unanswered, test, `Margin ${settings.margin} on ${settings.metric}.`, 'Made by Touchstone.'].filter((part) => part !== '');
}
