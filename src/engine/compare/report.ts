import type { CaseChange } from '../../core/compare/model.ts';
import type { ReportedCase, ReportedComparison, ReportedSide } from '../../core/report/compare-model.ts';
import type { ComparedSide, Comparison } from '../../protocol/compare.ts';
import type { Pairing } from './pairings.ts';
import { mean } from './rows.ts';

/** `changes`: of every case, in order; none where the comparison is refused. */
export function reportOf(comparison: Comparison, pairing: Pairing, changes: readonly CaseChange[]): ReportedComparison {
  const { a, b, datasetName, cases, refused, result, settings, stoppedEarly, verdicts } = comparison;
  return {
    a: sideOf(a),
    b: sideOf(b),
    datasetName,
    cases,
    refused,
    result,
    settings,
    stoppedEarly: stoppedEarly?.sentence ?? null,
    verdicts,
    changes: changes.map((change, i) => caseOf(pairing, i, change)),
  };
}

function sideOf({ label, promptId, version, model, ref, status, startedAt, done, total }: ComparedSide): ReportedSide {
  return { label, promptId, version: version?.label ?? null, model, runId: ref.runId, status, startedAt, done, total };
}

function caseOf({ cells, facts, verdicts }: Pairing, i: number, { delta, regressed, improved }: CaseChange): ReportedCase {
  const share = (passes: readonly (boolean | null)[]): number | null => mean(passes.map((pass) => (pass === null ? null : Number(pass))));
  const output = (side: 'a' | 'b'): string => {
    const { text, error } = cells[side].shown[i]!;
    return text === '' ? (error ?? '') : text;
  };
  return {
    caseId: facts.caseIds[i] ?? '',
    a: share(cells.a.outputs[i]!.passes),
    b: share(cells.b.outputs[i]!.passes),
    delta,
    regressed,
    improved,
    outputs: { a: output('a'), b: output('b') },
    expected: facts.expected[i] ?? null,
    verdict: verdicts.get(i)?.verdict ?? null,
  };
}
