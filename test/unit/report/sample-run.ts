import type { AssertionResult } from '../../../src/core/assert/model.ts';
import { cellFacts, RunSummary } from '../../../src/core/eval/summary.ts';
import type { ReportCell, ReportRun, ReportSource } from '../../../src/core/report/model.ts';
import type { CellError, RunStatus } from '../../../src/core/eval/model.ts';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';

export interface SampleCell {
  readonly case: string;
  readonly description?: string;
  readonly model?: number;
  readonly repeat?: number;
  readonly output?: unknown;
  readonly pass?: boolean | null;
  readonly error?: CellError;
  readonly tags?: readonly string[];
  readonly vars?: Record<string, unknown>;
  readonly expected?: unknown;
  readonly assertions?: readonly AssertionResult[];
  readonly latencyMs?: number;
  readonly cached?: boolean;
  readonly cost?: number | null;
}

export interface SampleRun {
  readonly id?: string;
  readonly name?: string;
  readonly path?: string;
  readonly models?: readonly string[];
  readonly repeats?: number;
  readonly status?: RunStatus;
  readonly total?: number;
  readonly estimateUsd?: number | null;
}

/** A run made of its cells, summarised by the product's own summary. */
export function sampleRun(cells: readonly SampleCell[], given: SampleRun = {}): { run: RunSnapshot; cells: ReportCell[] } {
  const models = given.models ?? ['local:labels'];
  const names = [...new Set(cells.map((cell) => cell.case))];
  const list = cells.map((cell): ReportCell => {
    const error = cell.error ?? null;
    const pass = error === null ? (cell.pass ?? true) : null;
    return {
      case: { id: cell.case, ...(cell.description === undefined ? {} : { description: cell.description }), vars: cell.vars ?? { subject: cell.case }, tags: cell.tags ?? [], ...('expected' in cell ? { expected: cell.expected } : {}) },
      result: {
        caseIndex: names.indexOf(cell.case), modelIndex: cell.model ?? 0, repeat: cell.repeat ?? 0, caseId: cell.case,
        status: error === null ? 'done' : 'error', output: error === null ? (cell.output ?? 'billing') : null, pass, score: pass === null ? null : pass ? 1 : 0,
        assertions: cell.assertions ?? (pass === null ? [] : [{ type: 'equals', pass, score: pass ? 1 : 0, reason: pass ? 'The output equals billing.' : 'Expected billing.', weight: 1, metric: null }]),
        namedScores: {}, error, latencyMs: error === null ? (cell.latencyMs ?? 100) : null, usage: error === null ? { input: 10, cachedInput: null, output: 2, reasoning: null } : null,
        cost: cell.cost === undefined ? 0 : cell.cost, cached: cell.cached ?? false, attempts: 1, finishReason: 'stop', toolCalls: [], traceId: null,
      },
    };
  });
  const summary = new RunSummary(models.length, given.repeats ?? 1);
  for (const cell of list) summary.add(cellFacts(cell.result));
  const name = given.name ?? 'Support triage';
  const total = given.total ?? list.length;
  const run: RunSnapshot = {
    info: {
      id: given.id ?? '3f9a1c2e', promptId: 'prompts/support/triage', promptName: name, promptPath: given.path ?? '/ws/prompts/support/triage.prompt.yml', promptHash: 'a'.repeat(64), workingCopy: false,
      datasetName: 'triage.golden.jsonl', datasetHash: 'b'.repeat(64), assertionsHash: 'c'.repeat(64), models: models.map((label) => ({ label, id: label, kind: 'local' })),
      cases: names.length, repeats: given.repeats ?? 1, status: given.status ?? 'finished', startedAt: '2026-11-21T20:00:00.000Z', durationMs: 2100, budgetUsd: null,
      estimate: { usd: given.estimateUsd === undefined ? 0 : given.estimateUsd, requests: total, inputTokens: 10, outputTokens: 2, unpriced: given.estimateUsd === null ? ['x/y'] : [] },
    },
    summary: summary.all(),
    models: models.map((label, at) => ({ label, summary: summary.models()[at] ?? summary.all() })),
    slices: [], done: list.length, total, running: 0, costSoFar: summary.cost, remainingMs: null,
  };
  return { run, cells: list };
}

export interface SamplePart {
  readonly run: ReportRun;
  readonly cells: readonly ReportCell[];
}

export function sampleSource(...parts: SamplePart[]): ReportSource {
  return {
    runs: parts.map((part) => part.run),
    async *cells(runId, modelIndex) {
      const cells = parts.find((part) => part.run.info.id === runId)?.cells ?? [];
      const wanted = cells.filter((cell) => modelIndex === undefined || cell.result.modelIndex === modelIndex);
      // Small pages: writers must not depend on where one ends.
      for (let from = 0; from < wanted.length; from += 2) yield await Promise.resolve(wanted.slice(from, from + 2));
    },
  };
}

export async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}
