import type { AssertionResult } from '../assert/model.ts';
import type { CellResult } from '../eval/model.ts';
import { formatScore } from '../text/format.ts';

/** Why a cell did not pass, one sentence a failed assertion (members of a failed set in its place); empty when it passed. */
export function failureReasons(result: CellResult): string[] {
  if (result.error !== null) return [`${result.error.code}: ${result.error.message}`];
  if (result.pass !== false) return [];
  const reasons = result.assertions.flatMap(reasonsOf);
  return reasons.length > 0 ? reasons : [`the score${result.score === null ? '' : ` ${formatScore(result.score)}`} is below the case's threshold`];
}

function reasonsOf(assertion: AssertionResult): string[] {
  if (assertion.pass) return [];
  const members = assertion.components?.flatMap(reasonsOf) ?? [];
  if (members.length > 0) return members;
  const name = assertion.name ?? (assertion.metric === null ? assertion.type : `${assertion.type} (${assertion.metric})`);
  return [`${name}: ${assertion.error ?? assertion.reason}`];
}
