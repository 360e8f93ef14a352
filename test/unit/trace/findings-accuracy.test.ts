import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../scripts/tools/paths.ts';
import { isObject } from '../../../src/core/json.ts';
import { readTraceText } from '../../../src/core/trace/formats/read.ts';
import { normaliseTraces } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { accuracyTable, FOLDER, seriousFindings } from './findings-accuracy.ts';

describe.skipIf(!existsSync(FOLDER))(`the accuracy of findings (skipped without ${FOLDER})`, () => {
  it('is what docs/traces.md says', () => {
    expect(readFileSync(join(root, 'docs/traces.md'), 'utf8')).toContain(accuracyTable());
  });

  it.each([['tau-bench/gpt-4o-airline.part1.json', ['reward', 'info']], ['whowhen/ag-109.json', ['mistake_agent', 'mistake_step', 'mistake_reason', 'is_correct']]])('does not come from the labels: %s', (file, labels) => {
    const runs = [JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as unknown].flat().filter(isObject).slice(0, 40);
    const blind = runs.map((run) => ({ ...run, ...Object.fromEntries(labels.map((label) => [label, label === 'info' ? {} : 0])) }));
    const said = (list: readonly unknown[]): string[] => normaliseTraces(readTraceText(JSON.stringify(list)).spans).flatMap(seriousFindings).map(({ rule, message }) => `${rule}: ${message}`);
    expect(said(runs).length).toBeGreaterThan(0);
    expect(said(blind)).toEqual(said(runs));
  });
});
