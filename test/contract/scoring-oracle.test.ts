import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { AssertionResult, AssertionSpec, ScoreContext } from '../../src/core/assert/model.ts';
import { scoreCell } from '../../src/core/assert/score-cell.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { createScorer } from '../../src/node/scoring/index.ts';
import { contextOf, noJudge } from '../unit/assert/context.ts';

const shared = process.env['TOUCHSTONE_SHARED'] ?? path.resolve(import.meta.dirname, '../../../shared');
const oracle = path.join(shared, 'corpus/promptfoo-oracle');
const present = existsSync(oracle);

interface OracleCall {
  assertion: AssertionSpec;
  output: unknown;
  providerResponse?: { cost?: number; logProbs?: number[]; finishReason?: string };
  latencyMs?: number;
  vars: JsonObject;
  expected: { pass: boolean; score: number } | { throws: string };
}

interface OracleAggregate {
  name: string;
  assert: AssertionSpec[];
  threshold?: number;
  expected: { pass: boolean; score: number; namedScores?: Record<string, number>; componentPass?: [boolean, number][] };
}

/** Where Touchstone answers differently on purpose, with its own answer. The same table is in docs/promptfoo-differences.md. Lines count from 1. */
const CALL_EXCEPTIONS: Record<number, { because: string; pass: boolean; score: number }> = {
  283: { because: "contains-json: {'name':'x'} is not JSON", pass: false, score: 0 },
  290: { because: 'contains-json: {bad is not JSON', pass: true, score: 1 },
  299: { because: 'contains-json: {name: x, age: 3} is not JSON', pass: false, score: 0 },
  503: { because: 'is-refusal: an apology that goes on to answer is no refusal', pass: true, score: 1 },
  524: { because: 'scores stay in 0..1', pass: true, score: 1 },
  527: { because: 'a one-line return is a function body', pass: true, score: 0.3 },
  535: { because: 'scores stay in 0..1', pass: false, score: 0 },
};

/** By name and threshold. */
const AGGREGATE_EXCEPTIONS: Record<string, { because: string; pass: boolean }> = {
  'one_fail 0': { because: 'a threshold of 0 asks for nothing: it does not pass failures', pass: false },
  'metrics 0': { because: 'a threshold of 0 asks for nothing: it does not pass failures', pass: false },
  'set_w 0': { because: 'a threshold of 0 asks for nothing: it does not pass failures', pass: false },
};

function lines<T>(file: string): [number, T][] {
  const text = readFileSync(path.join(oracle, file), 'utf8');
  return text.split('\n').filter(Boolean).map((line, index) => [index + 1, JSON.parse(line) as T]);
}

const scorer = createScorer({ allowCode: true });
afterAll(() => scorer.dispose());
const ports = noJudge(scorer);

function contextOfCall({ output, providerResponse, latencyMs, vars }: OracleCall): ScoreContext {
  return contextOf(output, {
    vars,
    latencyMs: latencyMs ?? null,
    cost: providerResponse?.cost ?? null,
    finishReason: providerResponse?.finishReason ?? null,
    ...(providerResponse?.logProbs === undefined ? {} : { logprobs: providerResponse.logProbs }),
  });
}

describe.skipIf(!present)(`promptfoo's answers${present ? '' : ` (skipped: there is no ${oracle})`}`, () => {
  it('match on every assertion call but the listed exceptions', async () => {
    const calls = lines<OracleCall>('assertions.jsonl');
    expect(calls).toHaveLength(553);
    const differences: string[] = [];
    for (const [line, call] of calls) {
      const { assertions } = await scoreCell([call.assertion], contextOfCall(call), ports);
      const [result] = assertions;
      const want = CALL_EXCEPTIONS[line] ?? call.expected;
      const same =
        'throws' in want
          ? result?.error !== undefined && !result.pass
          : result?.pass === want.pass && Math.abs(result.score - want.score) < 1e-12;
      if (!same) differences.push(`${line}: ${JSON.stringify(call.assertion)} on ${JSON.stringify(call.output)}: want ${JSON.stringify(want)}, got ${JSON.stringify(result)}`);
    }
    expect(differences).toEqual([]);
  });

  it('differ on every listed exception, so that the list holds nothing else', () => {
    const calls = new Map(lines<OracleCall>('assertions.jsonl'));
    for (const [line, ours] of Object.entries(CALL_EXCEPTIONS)) {
      const theirs = calls.get(Number(line))?.expected;
      expect(theirs, line).toBeDefined();
      expect({ line, ...theirs }).not.toMatchObject({ pass: ours.pass, score: ours.score });
    }
    const aggregates = new Map(lines<OracleAggregate>('aggregate.jsonl').map(([, one]) => [`${one.name} ${one.threshold}`, one.expected.pass]));
    for (const [name, ours] of Object.entries(AGGREGATE_EXCEPTIONS)) expect(aggregates.get(name), name).toBe(!ours.pass);
  });

  it('are listed in the documentation as they are here', () => {
    const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/promptfoo-differences.md'), 'utf8');
    const listed = (pattern: RegExp): string[] => [...text.matchAll(pattern)].flatMap(([, list]) => (list ?? '').split(', ')).sort();
    expect(listed(/^\| calls? ([\d, ]+):/gmu)).toEqual(Object.keys(CALL_EXCEPTIONS).sort());
    expect(listed(/^\| aggregates? ([\w, ]+):/gmu)).toEqual(Object.keys(AGGREGATE_EXCEPTIONS).sort());
  });

  it('match on every aggregate but the listed exceptions', async () => {
    const aggregates = lines<OracleAggregate>('aggregate.jsonl');
    expect(aggregates).toHaveLength(32);
    for (const [line, { name, assert, threshold, expected }] of aggregates) {
      const score = await scoreCell(assert, contextOf('x'), ports, threshold === undefined ? {} : { threshold });
      const at = `line ${line}, ${name}`;
      expect(score.pass, at).toBe(AGGREGATE_EXCEPTIONS[`${name} ${threshold}`]?.pass ?? expected.pass);
      expect(score.score, at).toBeCloseTo(expected.score, 12);
      expect(score.namedScores, at).toEqual(expected.namedScores ?? {});
      expect(flat(score.assertions), at).toEqual(expected.componentPass ?? []);
    }
  });
});

/** promptfoo lists a set's result, then its members'. */
function flat(results: readonly AssertionResult[]): [boolean, number][] {
  return results.flatMap((result) => [[result.pass, result.score] as [boolean, number], ...flat(result.components ?? [])]);
}
