import type { ComparisonResult, ComparisonTest, MetricComparison } from '../compare/model.ts';
import type { ReportedComparison, ReportedSide } from './compare-model.ts';
import { reportedVerdict } from './compare-model.ts';

/**
 * The document of `touchstone compare --json` (docs/cli-output.schema.json, `$defs.compare`), `b` against `a`. Several against one baseline:
 * the first one's document, with those of all under `comparisons`.
 */
export function compareDocument(comparisons: readonly ReportedComparison[]): object {
  const [first] = comparisons;
  if (first === undefined) return {};
  return { ...documentOf(first), ...(comparisons.length === 1 ? {} : { comparisons: comparisons.map(documentOf) }) };
}

function documentOf(comparison: ReportedComparison): object {
  const { a, b, datasetName, refused, result, settings, stoppedEarly, verdicts, changes } = comparison;
  return {
    a: sideDocument(a),
    b: sideDocument(b),
    dataset: datasetName,
    verdict: result?.metrics[0]?.verdict ?? null,
    sentence: reportedVerdict(comparison),
    gate: result?.gate ?? 'inconclusive',
    margin: settings.margin,
    metric: settings.metric,
    n: result?.n ?? 0,
    repeats: result?.repeats ?? 0,
    unanswered: result?.unanswered ?? 0,
    ...(refused === null ? {} : { refused: { differs: refused.differs, message: refused.message } }),
    ...(stoppedEarly === null ? {} : { stoppedEarly }),
    metrics: metricDocuments(result?.metrics ?? [], result),
    slices: (result?.slices ?? []).map(({ slice, n, regressed, improved, metrics }) => ({ slice, n, regressed, improved, metrics: metricDocuments(metrics, result) })),
    cases: changes.map(({ caseId, a: before, b: after, delta, regressed, improved, verdict }) => ({ case: caseId, a: before, b: after, delta, regressed, improved, ...(verdict === null ? {} : { verdict }) })),
    verdicts,
  };
}

function sideDocument({ label, promptId, version, model, runId, status, startedAt, done, total }: ReportedSide): object {
  return { label, prompt: promptId, promptVersion: version, model, run: runId, status, startedAt, cells: { done, total } };
}

/** The schema's word for a test; `method` says which one it is. */
const TESTS: Readonly<Record<ComparisonTest, string>> = {
  'mcnemar-exact': 'mcnemar-exact',
  'paired-t': 'paired-t',
  'sign-flip': 'sign-flip',
  bootstrap: 'bootstrap',
  // Order statistics give what resampling medians would.
  'paired-medians': 'bootstrap',
  sequential: 'none',
  none: 'none',
};

/** Whoever reads the document finds the score under its name, also where it is the pass rate once more. */
function metricDocuments(metrics: readonly MetricComparison[], result: ComparisonResult | null): object[] {
  return metrics.flatMap((metric) => {
    const isScore = metric.name === 'passRate' && result?.scoreIsPassRate === true;
    return [metricDocument(metric), ...(isScore ? [metricDocument({ ...metric, name: 'score', unit: 'score' })] : [])];
  });
}

function metricDocument(metric: MetricComparison): object {
  const { name, unit, higherIsBetter, a, b, intervalA, intervalB, delta, interval, ratio, p, pAdjusted, test, verdict, n, clusters, minimumDetectable, casesNeeded, warning } = metric;
  return {
    name, unit, higherIsBetter, a, b, intervalA, intervalB, delta, interval,
    ...(ratio === undefined ? {} : { ratio }),
    p, ...(pAdjusted === undefined ? {} : { pAdjusted }),
    test: TESTS[test], method: test, verdict, n, clusters, minimumDetectable, casesNeeded,
    ...(warning === undefined ? {} : { warning }),
  };
}
