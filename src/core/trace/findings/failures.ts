import { formatCount } from '../../text/format.ts';
import { quote, type Finding } from './finding.ts';

/** A span that failed of itself, not by what is below it. */
export interface Failure {
  readonly spanId: string;
  readonly name: string;
  readonly isTool: boolean;
  /** What went wrong; `null`: nothing was said. */
  readonly error: string | null;
}

/** A finding leads to so many spans: a million ids help nobody. */
const MOST_SPAN_IDS = 1000;
/** From so many failures on, one sentence says how many there are before they are told one by one. */
const MANY = 20;
const MOST_GROUPS = 50;
const RATE_LIMIT = /\b429\b|rate.?limit|too many requests|resource.?exhausted/i;

/** Equal failures are one finding, the most frequent first: "translate met the rate limit (429) 202 times". */
export function failureFindings(failures: readonly Failure[]): Finding[] {
  const groups = [...Map.groupBy(failures, ({ name, isTool, error }) => `${isTool ? 1 : 0}${name}\n${kindOf(error)}`).values()].sort((a, b) => b.length - a.length);
  const findings = groups.slice(0, MOST_GROUPS).map(findingOf);
  if (failures.length < MANY || groups.length < 2) return findings;
  const [largest] = groups;
  const summary: Finding = {
    rule: 'errors',
    severity: 'error',
    message: `${formatCount(failures.length)} spans failed in ${formatCount(groups.length)} groups, most in ${largest![0]!.name} (${formatCount(largest!.length)})`,
    spanIds: failures.slice(0, MOST_SPAN_IDS).map(({ spanId }) => spanId),
  };
  return [summary, ...findings];
}

/** What makes two errors the same: numbers and ids in them do not count. */
function kindOf(error: string | null): string {
  if (error === null) return '';
  if (RATE_LIMIT.test(error)) return '429';
  return error.slice(0, 300).replace(/0x[0-9a-f]+|\b[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b|\d+/gi, '#');
}

function findingOf(group: readonly Failure[]): Finding {
  const [{ name, isTool, error }] = group as readonly [Failure, ...Failure[]];
  const times = group.length === 1 ? '' : ` ${formatCount(group.length)} times`;
  const message = error !== null && RATE_LIMIT.test(error) ? `${name} met the rate limit (429)${times}` : `${name} failed${times}${error === null ? '' : `: ${quote(error)}`}`;
  return { rule: isTool ? 'tool-error' : 'error', severity: 'error', message, spanIds: group.slice(0, MOST_SPAN_IDS).map(({ spanId }) => spanId) };
}

/** What only a result or a verdict tells. `error`: its first line at least. */
export function hiddenErrorFinding(isEvaluator: boolean, name: string, error: string, spanId: string): Finding {
  return isEvaluator
    ? { rule: 'failed-check', severity: 'warning', message: `${name} failed: ${quote(error)}`, spanIds: [spanId] }
    : { rule: 'error-in-result', severity: 'warning', message: `${name} returned an error: ${quote(error)}`, spanIds: [spanId] };
}

/** Different findings that are kept apart; what comes after is counted nowhere, as a list of thousands is read by nobody. */
const MOST_FINDINGS = 2000;

/** Findings of the same rule and words are one: a trace is examined piece by piece, and many agents do the same. */
export class MergedFindings {
  readonly #merged = new Map<string, { readonly finding: Finding; readonly spanIds: string[]; times: number }>();

  add(findings: Iterable<Finding>): this {
    for (const finding of findings) {
      const key = `${finding.rule}\n${finding.severity}\n${finding.message}`;
      const known = this.#merged.get(key);
      if (known !== undefined) {
        known.times++;
        known.spanIds.push(...finding.spanIds.slice(0, MOST_SPAN_IDS - known.spanIds.length));
      } else if (this.#merged.size < MOST_FINDINGS) this.#merged.set(key, { finding, spanIds: finding.spanIds.slice(0, MOST_SPAN_IDS), times: 1 });
    }
    return this;
  }

  list(): Finding[] {
    return [...this.#merged.values()].map(({ finding, spanIds, times }) => ({ ...finding, message: times === 1 ? finding.message : `${finding.message} (${formatCount(times)} times)`, spanIds: [...spanIds] }));
  }
}
