import { formatCount, formatPercent } from '../core/text/format.ts';
import type { RunSnapshot } from '../protocol/engine.ts';
import { EXIT, type ExitCode } from './exit.ts';

export interface VerdictRules {
  /** The pass rate over all cells that is enough; absent: every cell must pass. */
  readonly threshold?: number;
  readonly allowErrors?: boolean;
  /** Somebody pressed Ctrl+C. */
  readonly cancelled: boolean;
}

/** What an eval's result means for the shell, and in words where it is not simply good. */
export interface Verdict {
  readonly code: ExitCode;
  readonly reason: string | null;
}

export function verdictOf(runs: readonly RunSnapshot[], rules: VerdictRules): Verdict {
  const total = (of: (run: RunSnapshot) => number): number => runs.reduce((sum, run) => sum + of(run), 0);
  const passed = total((run) => run.summary.passed);
  const failed = total((run) => run.summary.failed);
  const errors = total((run) => run.summary.errors);
  const answered = passed + failed;

  if (rules.cancelled || runs.some((run) => run.info.status === 'cancelled')) return { code: EXIT.cancelled, reason: 'cancelled' };
  if (runs.length === 0 || total((run) => run.total) === 0) return { code: EXIT.notEvaluated, reason: 'There was no case to evaluate.' };
  const unfinished = runs.find((run) => run.info.status !== 'finished');
  if (unfinished !== undefined) {
    const reason = unfinished.info.status === 'budget' ? 'The budget was reached before every cell had its answer.' : `The run is ${unfinished.info.status}.`;
    return { code: EXIT.failed, reason };
  }
  if (errors > 0 && rules.allowErrors !== true) return { code: EXIT.failed, reason: `${formatCount(errors, 'cell')} without an answer (--allow-errors accepts that).` };
  if (answered === 0) return { code: EXIT.failed, reason: 'No cell has an answer.' };
  if (rules.threshold === undefined) return failed === 0 ? GOOD : { code: EXIT.failed, reason: `${formatCount(failed)} of ${formatCount(answered, 'cell')} failed.` };
  const rate = passed / answered;
  if (rate >= rules.threshold) return GOOD;
  return { code: EXIT.failed, reason: `The pass rate ${formatPercent(rate)} is below the threshold ${formatPercent(rules.threshold)}.` };
}

const GOOD: Verdict = { code: EXIT.good, reason: null };
