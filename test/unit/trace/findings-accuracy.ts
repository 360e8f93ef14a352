/**
 * `node test/unit/trace/findings-accuracy.ts`: how well findings tell the runs and steps that went wrong, on the corpus' recorded runs.
 * The definitions stand here, before any number; the rules were not changed for these files.
 *
 * tau-bench (100 runs): a run *failed* when its reward is below 1; it is *flagged* when it has a finding of severity warning or error.
 * Precision: of the flagged runs, those that failed. Recall: of the failed runs, those that were flagged. Flagging every run has the
 * share of failed runs as its precision.
 *
 * Who&When (all its runs failed): every run names the step that people hold responsible, and its agent. A finding *points at* the steps
 * of its spans. Precision: of the findings (warning, error), those that point at the step; recall: of the runs, those where one does.
 * “near” also counts the step after: a terminal answers the step that was wrong. An agent is pointed at when a step of its is.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Finding } from '../../../src/core/trace/findings/finding.ts';
import { findIn } from '../../../src/core/trace/findings/find.ts';
import { readTraceText } from '../../../src/core/trace/formats/read.ts';
import type { Span } from '../../../src/core/trace/model.ts';
import { normaliseTraces, type NormalisedTrace } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { wilsonInterval } from '../../../src/core/stats/proportion.ts';

const shared = process.env['TOUCHSTONE_SHARED'] ?? path.resolve(import.meta.dirname, '../../../../shared');
export const FOLDER = path.join(shared, 'corpus/traces');

interface Share {
  readonly hits: number;
  readonly of: number;
}

interface Row {
  readonly what: string;
  readonly precision: Share;
  readonly recall: Share;
}

function tracesOf(file: string): NormalisedTrace[] {
  const { spans, logs } = readTraceText(readFileSync(path.join(FOLDER, file), 'utf8'));
  return normaliseTraces(spans, logs);
}

export function seriousFindings(trace: NormalisedTrace): Finding[] {
  return findIn(trace).filter(({ severity }) => severity !== 'info');
}

function tauBenchRows(): Row[] {
  const runs = tracesOf('tau-bench/gpt-4o-airline.part1.json').map((trace) => ({
    failed: Number(trace.spans.flatMap(({ scores }) => scores).find(({ name }) => name === 'reward')!.value) < 1,
    findings: seriousFindings(trace),
  }));
  const failed = runs.filter((run) => run.failed).length;
  const row = (what: string, isFlagged: (findings: readonly Finding[]) => boolean): Row => {
    const flagged = runs.filter(({ findings }) => isFlagged(findings));
    const hits = flagged.filter((run) => run.failed).length;
    return { what: `tau-bench, runs: ${what}`, precision: { hits, of: flagged.length }, recall: { hits, of: failed } };
  };
  const rules = [...new Set(runs.flatMap(({ findings }) => findings.map(({ rule }) => rule)))].sort();
  return [
    { what: 'tau-bench, runs: flagging all of them', precision: { hits: failed, of: runs.length }, recall: { hits: failed, of: failed } },
    row('any finding', (findings) => findings.length > 0),
    ...rules.map((rule) => row(`\`${rule}\``, (findings) => findings.some((finding) => finding.rule === rule))),
  ];
}

function whoWhenRows(): Row[] {
  const runs = globSync('whowhen/*.json', { cwd: FOLDER }).sort().flatMap(tracesOf).map(({ spans, tree }) => ({ spans, findings: seriousFindings({ spans, tree } as NormalisedTrace) }));
  const row = (what: string, points: (run: readonly Span[], finding: Finding) => boolean): Row => {
    const hits = runs.map(({ spans, findings }) => findings.filter((finding) => points(spans, finding)).length);
    return {
      what: `Who&When, ${what}`,
      precision: { hits: hits.reduce((sum, count) => sum + count, 0), of: runs.reduce((sum, { findings }) => sum + findings.length, 0) },
      recall: { hits: hits.filter((count) => count > 0).length, of: runs.length },
    };
  };
  return [
    row('step', (spans, finding) => stepsOf(spans, finding).includes(mistakeOf(spans).step)),
    row('step or the one after (“near”)', (spans, finding) => stepsOf(spans, finding).some((step) => step === mistakeOf(spans).step || step === mistakeOf(spans).step + 1)),
    row('agent', (spans, finding) => pointedAt(spans, finding).some(({ agentName, toolName }) => (agentName ?? toolName) === mistakeOf(spans).agent)),
    { what: 'Who&When, runs: any finding', precision: { hits: runs.filter(({ findings }) => findings.length > 0).length, of: runs.filter(({ findings }) => findings.length > 0).length }, recall: { hits: runs.filter(({ findings }) => findings.length > 0).length, of: runs.length } },
  ];
}

function mistakeOf(spans: readonly Span[]): { step: number; agent: string } {
  const { attributes } = spans.find((span) => 'whowhen.mistake_step' in span.attributes)!;
  return { step: Number(attributes['whowhen.mistake_step']), agent: String(attributes['whowhen.mistake_agent']) };
}

function pointedAt(spans: readonly Span[], { spanIds }: Finding): Span[] {
  return spans.filter((span) => spanIds.includes(span.spanId));
}

function stepsOf(spans: readonly Span[], finding: Finding): number[] {
  return pointedAt(spans, finding).flatMap(({ attributes }) => ('whowhen.step' in attributes ? [Number(attributes['whowhen.step'])] : []));
}

/** `12 of 20: 0.60 (0.39–0.78)`, with Wilson's interval of 95 %. */
function sharePrinted({ hits, of }: Share): string {
  if (of === 0) return '0 of 0';
  const [low, high] = wilsonInterval(hits, of)!;
  return `${hits} of ${of}: ${(hits / of).toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

/** The table of docs/traces.md, without the words around it. */
export function accuracyTable(): string {
  const rows = [...tauBenchRows(), ...whoWhenRows()];
  return ['| what | precision | recall |', '|---|---|---|', ...rows.map(({ what, precision, recall }) => `| ${what} | ${sharePrinted(precision)} | ${sharePrinted(recall)} |`)].join('\n');
}

if (import.meta.main) console.log(existsSync(FOLDER) ? accuracyTable() : `There is no ${FOLDER}.`);
