import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alarmRows, coverageCells, DRAWS, SEQUENCES, tables, withTables } from '../../scripts/simulate-statistics.ts';

/** The whole grid of docs/statistics.md, drawn again with the script's own seeds: the published tables are these, and hold what is claimed of them. */
describe('the published coverage', () => {
  const cells = coverageCells(DRAWS);
  const alarms = alarmRows(DRAWS, SEQUENCES);

  it('is at least 93 % where few warnings come, and nearly that with one', () => {
    const error = Math.sqrt((0.93 * 0.07) / DRAWS);
    for (const cell of cells) {
      // Each figure is the lower of two, so some of hundreds lie below the true one by three standard errors.
      expect(cell.coverage, JSON.stringify(cell)).toBeGreaterThanOrEqual(0.93 - (cell.mustHold ? 0 : 3 * error));
      expect(cell.coverageAlone, JSON.stringify(cell)).toBeGreaterThanOrEqual(cell.mustHold ? 0.93 - 3 * error : 0.9);
    }
  });

  it('goes with no more false alarms than nominal', () => {
    const most = (nominal: number, draws: number): number => nominal + 3 * Math.sqrt((nominal * (1 - nominal)) / draws);
    for (const cell of cells.filter(({ mustHold }) => mustHold)) expect(cell.shown, JSON.stringify(cell)).toBeLessThanOrEqual(0.07);
    for (const row of alarms) {
      expect(row.shown, JSON.stringify(row)).toBeLessThanOrEqual(most(0.05, DRAWS));
      expect(row.passes, JSON.stringify(row)).toBeLessThanOrEqual(most(0.025, DRAWS));
      expect(row.sequentialShown, JSON.stringify(row)).toBeLessThanOrEqual(most(0.05, SEQUENCES));
      expect(row.sequentialPasses, JSON.stringify(row)).toBeLessThanOrEqual(most(0.025, SEQUENCES));
    }
  });

  it('is what docs/statistics.md says', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/statistics.md'), 'utf8');
    expect(withTables(text, tables(cells, alarms))).toBe(text);
  });
});
