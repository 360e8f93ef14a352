import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CASES, CLUSTERS, comparedWith, mustHold, RATES, REPEATS, simulate, simulateSequence, type Simulated } from '../test/unit/compare/simulation.ts';

/**
 * Writes the tables of docs/statistics.md: how often intervals hold and how often nothing is called something. `node scripts/simulate-statistics.ts`
 * takes some minutes; the seeds are fixed, so it writes the same again. test/long holds the tables to what is claimed.
 */
export const DRAWS = 4000;

/** Datasets of a sequential run; each is looked at after every case. */
export const SEQUENCES = 2000;

export interface CoverageCell {
  readonly rate: number;
  readonly cases: number;
  readonly repeats: number;
  readonly clusters: number | null;
  /** Lower of the two at which `b` was simulated. */
  readonly coverage: number;
  readonly coverageAlone: number;
  readonly mustHold: boolean;
  /** With no true difference. */
  readonly shown: number;
}

/** Every cell of the grid that can be: no more clusters than cases. */
export function coverageCells(draws: number): CoverageCell[] {
  let seed = 1000;
  return RATES.flatMap((rate) => CASES.flatMap((cases) => REPEATS.flatMap((repeats) => CLUSTERS.filter((clusters) => clusters === null || clusters <= cases).map((clusters) => {
    const results = comparedWith(rate).map((b): Simulated => simulate({ cases, repeats, clusters, a: rate, b }, draws, seed++));
    return {
      rate, cases, repeats, clusters,
      coverage: Math.min(...results.map(({ coverage }) => coverage)),
      coverageAlone: Math.min(...results.map(({ coverageAlone }) => coverageAlone)),
      mustHold: mustHold({ cases, clusters, a: rate }),
      shown: results[0]?.shown ?? Number.NaN,
    };
  }))));
}

const percent = (share: number): string => (100 * share).toFixed(1);

function coverageTable(cells: readonly CoverageCell[], value: (cell: CoverageCell) => number): string {
  const columns = REPEATS.flatMap((repeats) => CLUSTERS.map((clusters) => ({ repeats, clusters })));
  const head = ['p', 'n', ...columns.map(({ repeats, clusters }) => `${repeats} × ${clusters ?? '–'}`)];
  const rows = RATES.flatMap((rate) => CASES.map((cases) => [String(rate), String(cases), ...columns.map(({ repeats, clusters }) => {
    const cell = cells.find((one) => one.rate === rate && one.cases === cases && one.repeats === repeats && one.clusters === clusters);
    return cell === undefined ? '' : cell.mustHold ? percent(value(cell)) : `(${percent(value(cell))})`;
  })]));
  return [head, head.map(() => '---:'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

export interface AlarmRow {
  readonly a: number;
  readonly b: number;
  readonly cases: number;
  readonly repeats: number;
  /** Called better or worse where nothing differs; gate passed where `b` is worse by just the margin. */
  readonly shown: number;
  readonly passes: number;
  readonly sequentialShown: number;
  readonly sequentialPasses: number;
}

/** False alarms: with no difference, and with a loss of exactly the margin. */
export function alarmRows(draws: number, sequences: number): AlarmRow[] {
  let seed = 50_000;
  return [0.5, 0.8, 0.95].flatMap((a) => [60, 200].flatMap((cases) => [1, 3].map((repeats) => {
    const same = { cases, repeats, clusters: null, a, b: a };
    const lost = { ...same, b: a - 0.05 };
    const sequence = simulateSequence(same, 'verdict', sequences, seed++);
    return {
      a, b: a, cases, repeats,
      shown: simulate(same, draws, seed++).shown,
      passes: simulate(lost, draws, seed++).passes,
      sequentialShown: sequence.better + sequence.worse,
      sequentialPasses: simulateSequence(lost, 'gate', sequences, seed++).passes,
    };
  })));
}

function alarmTable(rows: readonly AlarmRow[]): string {
  const head = ['p', 'n', 'repeats', 'called better or worse', 'the same, sequential', 'gate passes', 'the same, sequential'];
  return [head, head.map(() => '---:'), ...rows.map((row) => [row.a, row.cases, row.repeats, percent(row.shown), percent(row.sequentialShown), percent(row.passes), percent(row.sequentialPasses)].map(String))]
    .map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function savingsTable(draws: number): string {
  let seed = 90_000;
  const head = ['a', 'b', 'n', 'repeats', 'stops for a verdict: cases saved', 'stops for the gate: cases saved'];
  const rows = [[0.7, 0.9], [0.6, 0.7], [0.9, 0.7], [0.9, 0.9]].flatMap(([a = 0, b = 0]) => [[60, 1], [200, 1], [200, 3]].map(([cases = 0, repeats = 0]) => {
    const setting = { a, b, cases, repeats, clusters: null };
    return [a, b, cases, repeats, ...(['verdict', 'gate'] as const).map((until) => `${(100 * simulateSequence(setting, until, draws, seed++).saved).toFixed(0)} %`)].map(String);
  }));
  return [head, head.map(() => '---:'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** The tables by the name of their place in docs/statistics.md. */
export function tables(cells: readonly CoverageCell[], alarms: readonly AlarmRow[]): Readonly<Record<string, string>> {
  return { difference: coverageTable(cells, ({ coverage }) => coverage), rate: coverageTable(cells, ({ coverageAlone }) => coverageAlone), alarms: alarmTable(alarms) };
}

/** Text with what stands between `<!-- simulated: NAME -->` and `<!-- end -->` replaced. */
export function withTables(text: string, made: Readonly<Record<string, string>>): string {
  return text.replaceAll(/(<!-- simulated: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g, (whole, start: string, name: string, end: string) => (made[name] === undefined ? whole : `${start}\n${made[name]}\n\n${end}`));
}

if (import.meta.main) {
  const file = join(import.meta.dirname, '../docs/statistics.md');
  const made = { ...tables(coverageCells(DRAWS), alarmRows(DRAWS, SEQUENCES)), savings: savingsTable(500) };
  writeFileSync(file, withTables(readFileSync(file, 'utf8'), made));
}
