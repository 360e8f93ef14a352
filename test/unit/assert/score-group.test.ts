import { describe, expect, it } from 'vitest';
import { aggregate } from '../../../src/core/assert/aggregate.ts';
import { finish } from '../../../src/core/assert/finish.ts';
import type { AssertionSpec, Scorer } from '../../../src/core/assert/model.ts';
import type { ScorePorts } from '../../../src/core/assert/ports.ts';
import { hasGroupChecks, scoreGroup } from '../../../src/core/assert/score-group.ts';
import type { CellResult } from '../../../src/core/eval/model.ts';
import { noJudge } from './context.ts';

const contains: AssertionSpec = { type: 'contains', value: 'x' };
const best: AssertionSpec = { type: 'select-best', value: 'Friendly to {{name}}' };

function cell(modelIndex: number, output: string, scores: readonly number[], repeat = 0): CellResult {
  const score = aggregate(scores.map((value) => finish(contains, { pass: value > 0, score: value, reason: '' })));
  return {
    caseIndex: 0, modelIndex, repeat, caseId: 'c', status: 'done', output, pass: score.pass, score: score.score, assertions: score.assertions, namedScores: {},
    error: null, latencyMs: 1, usage: null, cost: 0.1, cached: false, attempts: 1, finishReason: 'stop', toolCalls: [], traceId: null,
  };
}

function portsWith(replies: string[]): { ports: ScorePorts; asked: string[] } {
  const asked: string[] = [];
  const ask = ({ messages }: { messages: readonly { content: unknown }[] }): Promise<{ text: string; cost: number }> => {
    asked.push(messages.map(({ content }) => String(content)).join('\n'));
    return Promise.resolve({ text: replies[asked.length - 1] ?? '', cost: 0.05 });
  };
  return { ports: { ...noJudge({} as Scorer), defaultJudge: { id: 'j' }, judge: ({ id }) => Promise.resolve({ id, ask }) }, asked };
}

const options = { vars: { name: 'Ana' } };

describe('select-best', () => {
  it('passes the chosen output of each repeat and adds the judge’s cost once', async () => {
    const { ports, asked } = portsWith(['{"reason":"warm","best":1}', ' 0 ']);
    const cells = [cell(0, 'first', [1]), cell(0, 'again', [1], 1), cell(1, 'second', [1]), cell(1, 'again 2', [1], 1)];
    const changed = await scoreGroup([best, contains], cells, ports, options);
    expect(changed.map(({ modelIndex, repeat, pass, score, cost }) => [modelIndex, repeat, pass, score, Math.round((cost ?? 0) * 100)])).toEqual([
      [0, 0, false, 0.5, 15],
      [1, 0, true, 1, 10],
      [0, 1, true, 1, 15],
      [1, 1, false, 0.5, 10],
    ]);
    expect(changed[0]?.assertions.map(({ type }) => type)).toEqual(['select-best', 'contains']);
    expect(asked[0]).toContain('Friendly to Ana');
    expect(asked[0]).toContain('second');
    expect(await scoreGroup([best, contains], changed, ports, options)).toEqual([]);
  });

  it.each(['{"best":2}', '{"best":0} or {"best":1}', 'The first.', '-1'])('takes %s for no choice', async (reply) => {
    const { ports } = portsWith([reply]);
    const changed = await scoreGroup([contains, best], [cell(0, 'a', [1]), cell(1, 'b', [1])], ports, options);
    expect(changed.map(({ pass, assertions }) => [pass, assertions[1]?.error !== undefined])).toEqual([[false, true], [false, true]]);
  });

  it('needs two outputs; a cell without an answer is none', async () => {
    const { ports, asked } = portsWith([]);
    const failed: CellResult = { ...cell(1, '', []), status: 'error', error: { code: 'timeout', message: 'late' }, output: null };
    const changed = await scoreGroup([best], [cell(0, 'a', []), failed], ports, options);
    expect(changed).toHaveLength(1);
    expect(changed[0]?.assertions[0]?.error).toContain('at least two outputs');
    expect(asked).toEqual([]);
  });
});

describe('max-score', () => {
  it.each<[unknown, (readonly number[])[], boolean[]]>([
    [undefined, [[1, 0], [1, 1], [1, 1]], [false, true, false]],
    [{ method: 'sum' }, [[0.4, 0.4], [0.7]], [true, false]],
    [{ method: 'average' }, [[0.4, 0.4], [0.7]], [false, true]],
    [{ threshold: 0.9 }, [[0.5], [0.8]], [false, false]],
    [{ weights: { contains: 0 } }, [[0.2], [0.9]], [true, false]],
  ])('%o', async (value, scores, passes) => {
    const spec: AssertionSpec = { type: 'max-score', ...(value === undefined ? {} : { value }) };
    const cells = scores.map((own, index) => cell(index, 'o', own));
    const changed = await scoreGroup([...(scores[0] ?? []).map(() => contains), spec], cells, portsWith([]).ports, options);
    expect(changed.map(({ assertions }) => assertions.find(({ type }) => type === 'max-score')?.pass)).toEqual(passes);
  });
});

it('knows which cases need it', () => {
  expect(hasGroupChecks([contains])).toBe(false);
  expect(hasGroupChecks([contains, { type: 'max-score' }])).toBe(true);
});
