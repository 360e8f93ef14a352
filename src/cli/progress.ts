import { wilsonInterval } from '../core/stats/proportion.ts';
import { formatCount, formatDuration, formatPercent, formatRate, formatUsd } from '../core/text/format.ts';
import type { RunSnapshot } from '../protocol/engine.ts';
import { fit, paint, printable, widthOf, type Look } from './terminal.ts';

/** How far the runs of one eval are, together. */
export interface Progress {
  readonly name: string;
  readonly done: number;
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly interval: readonly [number, number] | null;
  /** US dollars so far, and as estimated before; `null`: unknown. */
  readonly cost: number | null;
  readonly estimate: number | null;
  /** Milliseconds; `null` where nobody can say. */
  readonly remainingMs: number | null;
}

export function progressOf(runs: readonly RunSnapshot[]): Progress {
  const total = (of: (run: RunSnapshot) => number): number => runs.reduce((at, run) => at + of(run), 0);
  const known = (of: (run: RunSnapshot) => number | null): number | null => runs.reduce<number | null>((at, run) => (at === null ? null : add(at, of(run))), 0);
  const passed = total((run) => run.summary.passed);
  const failed = total((run) => run.summary.failed);
  const open = runs.filter((run) => run.done < run.total);
  const current = open[0] ?? runs.at(-1);
  const [only] = runs;
  return {
    name: current === undefined ? '' : (current.info.title ?? current.info.promptName),
    done: total((run) => run.done),
    total: total((run) => run.total),
    passed,
    failed,
    errors: total((run) => run.summary.errors),
    interval: runs.length === 1 && only !== undefined ? only.summary.interval : wilsonInterval(passed, passed + failed),
    cost: known((run) => run.costSoFar),
    estimate: known((run) => run.info.estimate.usd),
    // Runs of one eval follow each other; what has not begun cannot be told yet.
    remainingMs: open.every((run) => run.remainingMs !== null) && open.length > 0 ? total((run) => run.remainingMs ?? 0) : null,
  };
}

function add(sum: number, value: number | null): number | null {
  return value === null ? null : sum + value;
}

const BAR = 20;

/** One line that is never wider than the terminal: what matters least goes first. */
export function progressLine(progress: Progress, look: Look): string {
  const { done, total, passed, failed, errors } = progress;
  const answered = passed + failed;
  const filled = total === 0 ? 0 : Math.round((done / total) * BAR);
  const parts: Part[] = [
    { keep: 3, text: fit(printable(progress.name), 32) },
    { keep: 2, text: '━'.repeat(filled) + paint(look, 'dim', '─'.repeat(BAR - filled)) },
    { keep: 9, text: `${formatCount(done)}/${formatCount(total)}` },
    { keep: 7, text: `${paint(look, 'green', '✓')} ${formatCount(passed)} ${paint(look, 'red', '✗')} ${formatCount(failed)}${errors === 0 ? '' : ` ${paint(look, 'yellow', '!')} ${formatCount(errors)}`}` },
    { keep: 6, text: answered === 0 ? '' : formatRate(passed / answered, progress.interval) },
    { keep: 5, text: money(progress) },
    { keep: 4, text: progress.remainingMs === null ? '' : `${formatDuration(progress.remainingMs)} left` },
  ].filter((part) => part.text !== '');
  // The last column stays free: some terminals wrap as soon as it is written.
  const room = look.columns - 1;
  while (parts.length > 1 && widthOf(line(parts)) > room) {
    parts.splice(parts.indexOf(parts.reduce((least, part) => (part.keep < least.keep ? part : least))), 1);
  }
  return widthOf(line(parts)) > room ? '' : line(parts);
}

interface Part {
  readonly keep: number;
  readonly text: string;
}

function line(parts: readonly Part[]): string {
  return parts.map((part) => part.text).join('  ');
}

/** The same for a log that nobody watches. */
export function progressLogLine(progress: Progress): string {
  const { done, total, passed, failed, errors } = progress;
  const answered = passed + failed;
  return [
    `${printable(progress.name)}: ${formatCount(done)} of ${formatCount(total, 'cell')}${total === 0 ? '' : ` (${formatPercent(done / total, 0)})`}`,
    answered === 0 ? '' : `pass rate so far ${formatRate(passed / answered, progress.interval)}`,
    errors === 0 ? '' : formatCount(errors, 'error'),
    money(progress),
    progress.remainingMs === null ? '' : `${formatDuration(progress.remainingMs)} left`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

function money({ cost, estimate }: Progress): string {
  if (estimate === 0 && (cost ?? 0) === 0) return '';
  if (cost === null) return 'cost unknown';
  return estimate === null ? formatUsd(cost) : `${formatUsd(cost)} of about ${formatUsd(estimate)}`;
}

/** Plain logs get a line every 10 seconds or 10 percent, whichever comes first, but no more than one a second. */
export function shouldLog(last: { readonly at: number; readonly done: number }, now: number, done: number, total: number): boolean {
  if (done === last.done) return now - last.at >= 60_000;
  return now - last.at >= 10_000 || (now - last.at >= 1000 && done - last.done >= total / 10);
}
