import { describe, expect, it, vi } from 'vitest';
import { statusIcon, runDescription } from '../../../src/extension/runs/wording.ts';
import type { RunStatus } from '../../../src/core/eval/model.ts';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';

vi.mock('vscode', () => ({
  l10n: { t: (text: string, ...values: unknown[]) => text.replaceAll(/\{(\d)\}/g, (_, at: string) => String(values[Number(at)])) },
  ThemeIcon: class { readonly id: string; readonly color: unknown; constructor(id: string, color?: unknown) { this.id = id; this.color = color; } },
  ThemeColor: class { readonly id: string; constructor(id: string) { this.id = id; } },
}));

const NOW = new Date(2026, 10, 22, 12, 0);
const at = (...time: [number, number, number, number, number]): string => new Date(...time).toISOString();

function run(startedAt: string, more: { status?: RunStatus; passed?: number; failed?: number; errors?: number } = {}): RunSnapshot {
  const { passed = 39, failed = 21, errors = 0 } = more;
  return {
    info: {
      id: 'r', promptId: 'p', promptName: 'P', promptPath: '/p', promptHash: '3ccf5d86'.padEnd(64, '0'), workingCopy: false, datasetName: 'd', datasetHash: 'd', assertionsHash: 'a',
      models: [], cases: 60, repeats: 1, status: more.status ?? 'finished', startedAt, durationMs: 0, budgetUsd: null, estimate: { usd: null, requests: 0, inputTokens: 0, outputTokens: 0, unpriced: [] },
    },
    summary: { cells: 60, passed, failed, errors, passRate: null, interval: null, score: null, cost: null, tokens: { input: null, output: null }, latency: { p50: null, p95: null }, cached: 0, namedScores: {} },
    models: [], slices: [], done: 12, total: 60, running: 0, costSoFar: null, remainingMs: null,
  };
}

describe('a row of the Runs view', () => {
  it('tells runs of one prompt apart: score, version, and when', () => {
    expect(runDescription(run(at(2026, 10, 22, 9, 55)), 'v2 · 3ccf5d86', NOW)).toBe('39/60 · v2 · 09:55');
    // The same clock on another day is another time.
    const yesterday = runDescription(run(at(2026, 10, 21, 9, 55)), 'v2 · 3ccf5d86', NOW);
    expect(yesterday).toMatch(/^39\/60 · v2 · .*21/);
    expect(yesterday).toContain('09:55');
    expect(runDescription(run(at(2025, 10, 21, 9, 55)), null, NOW)).toMatch(/^39\/60 · 3ccf5d86 · .*2025/);
  });

  it('says how far a run is before it has a score', () => {
    expect(runDescription(run(at(2026, 10, 22, 9, 55), { status: 'running' }), null, NOW)).toMatch(/^12 of 60 · 3ccf5d86 · /);
  });

  it('has a colour only where something went wrong with the run itself', () => {
    const icon = (more: Parameters<typeof run>[1]): { id: string; color?: unknown } => statusIcon(run(at(2026, 10, 22, 9, 55), more));
    expect(icon({})).toMatchObject({ id: 'checklist', color: undefined });
    expect(icon({ failed: 0 })).toEqual(icon({}));
    expect(icon({ errors: 1 })).toMatchObject({ id: 'warning', color: { id: 'list.warningForeground' } });
    expect(icon({ status: 'cancelled' })).toMatchObject({ id: 'circle-slash' });
    expect(icon({ status: 'interrupted' })).toMatchObject({ id: 'debug-disconnect' });
  });
});
