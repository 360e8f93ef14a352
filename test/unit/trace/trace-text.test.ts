import { describe, expect, it } from 'vitest';
import { failureFindings, MergedFindings, type Failure } from '../../../src/core/trace/findings/failures.ts';
import { buildSkeleton } from '../../../src/core/trace/build-skeleton.ts';
import { halvesOf, hexOf, SpanColumns, SpanPositions, treeOfColumns } from '../../../src/core/trace/columns.ts';
import { normaliseTrace } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { SPAN_KINDS } from '../../../src/core/trace/skeleton.ts';
import { markdownOf } from '../../../src/core/trace/text/markdown.ts';
import { treeLines, type TraceTitle } from '../../../src/core/trace/text/tree-lines.ts';
import { buildTree } from '../../../src/core/trace/tree.ts';
import { cutLong, valueAt } from '../../../src/node/traces/read/cut.ts';
import { testOf } from '../../../src/node/traces/read/texts.ts';
import { randomOf } from './random.ts';
import { rawSpan, text } from './spans.ts';

const title: TraceTitle = { name: 'run', startNs: '0', durationNs: '4200000000', llmCalls: 2, toolCalls: 1, tokens: 31_204, cost: 0.083, unpriced: 1, service: 'shop', environment: 'production', session: null };

function failures(count: number, name: string, error: string | null): Failure[] {
  return Array.from({ length: count }, (_, index) => ({ spanId: `${name}${index}`, name, isTool: true, error: error?.replace('#', String(index)) ?? null }));
}

describe('failures', () => {
  it('that are equal are told once, the most frequent first', () => {
    const found = failureFindings([...failures(1, 'find', 'no such order'), ...failures(202, 'translate', 'HTTP 429: try again in # s'), ...failures(3, 'fetch', 'timeout after # ms'), ...failures(2, 'fetch', null)]);
    expect(found.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
      'errors: 208 spans failed in 4 groups, most in translate (202)',
      'tool-error: translate met the rate limit (429) 202 times',
      'tool-error: fetch failed 3 times: “timeout after 0 ms”',
      'tool-error: fetch failed 2 times',
      'tool-error: find failed: “no such order”',
    ]);
    expect(found[2]!.spanIds).toEqual(['fetch0', 'fetch1', 'fetch2']);
  });

  it('lead to a thousand spans at most', () => {
    expect(failureFindings(failures(5000, 'a', 'x'))[0]!.spanIds).toHaveLength(1000);
  });

  it('of many pieces are added up', () => {
    const one = { rule: 'cycle', severity: 'warning', message: 'round', spanIds: ['1'] } as const;
    const merged = new MergedFindings().add([one, { ...one, spanIds: ['2'] }]).add([one, { ...one, message: 'other' }]);
    expect(merged.list().map(({ message, spanIds }) => [message, spanIds])).toEqual([['round (3 times)', ['1', '2', '1']], ['other', ['1']]]);
    expect(merged.list()).toEqual(merged.list());
  });
});

describe('columns', () => {
  it('find ids by their halves, also those that are counted up, and of equal ones the first', () => {
    const ids = ['0000000000000001', '0000000000000002', 'ffffffffffffffff', '8000000000000000', '0000000000000002', '00000001ffffffff'];
    const halves = ids.map(halvesOf);
    expect(halves.map(([high, low]) => hexOf(high, low))).toEqual(ids);
    const positions = new SpanPositions(Int32Array.from(halves, ([high]) => high), Int32Array.from(halves, ([, low]) => low), ids.length);
    expect(ids.map((id) => positions.find(...halvesOf(id)))).toEqual([0, 1, 2, 3, 1, 5]);
    expect(positions.find(...halvesOf('0000000000000003'))).toBe(-1);
  });

  it('make the tree that whole spans make: 200 random forests with missing parents and cycles', () => {
    const below = randomOf(3);
    for (let round = 0; round < 200; round++) {
      const count = 1 + below(40);
      const spans = Array.from({ length: count }, (_, index) => ({ spanId: hexOf(index + 1, index * 7), parent: below(6) === 0 ? null : below(8) === 0 ? hexOf(99, below(3)) : hexOf(1 + below(count), 0), start: below(20), end: below(9) === 0 ? null : below(40) }))
        .map((span, index, all) => ({ spanId: span.spanId, parentId: span.parent === null || span.parent.startsWith('00000063') ? span.parent : all[Number.parseInt(span.parent.slice(0, 8), 16) - 1]!.spanId, startNs: String(1_000_000_000 + span.start * 1_000_000), endNs: span.end === null ? null : String(1_000_000_000 + span.end * 1_000_000 + index) }));
      const columns = new SpanColumns(count);
      for (const span of spans) {
        const at = columns.next();
        [columns.idHigh[at], columns.idLow[at]] = halvesOf(span.spanId);
        if (span.parentId !== null) {
          columns.hasParent[at] = 1;
          [columns.parentHigh[at], columns.parentLow[at]] = halvesOf(span.parentId);
        }
        columns.starts[at] = Number(span.startNs);
        if (span.endNs !== null) columns.ends[at] = Number(span.endNs);
        columns.kinds[at] = SPAN_KINDS.indexOf('other');
      }
      expect(columns.next()).toBe(-1);
      const tree = treeOfColumns(columns);
      expect(tree).toEqual(buildTree(spans));
      const { skeleton, order } = buildSkeleton({ traceId: 't', revision: 1, zeroNs: '0' }, { columns, textOf: () => '', carriesUsage: 1 << 17, costReported: 1 << 18 });
      expect([...order].sort((a, b) => a - b)).toEqual(spans.map((_, index) => index));
      // What is below follows at once, whatever was missing or cut.
      for (let at = 0; at < count; at++) {
        for (let inner = at + 1; inner <= at + skeleton.descendants[at]!; inner++) expect(skeleton.parents[inner]).toBeGreaterThanOrEqual(at);
        expect(skeleton.depths[at]!).toBe(skeleton.parents[at]! >= 0 ? skeleton.depths[skeleton.parents[at]!]! + 1 : tree.missing.some(({ children }) => children.includes(order[at]!)) ? 1 : 0);
      }
    }
  });
});

function skeletonOf(names: readonly string[], kind: (typeof SPAN_KINDS)[number] = 'llm', model: string | null = null): ReturnType<typeof buildSkeleton>['skeleton'] {
  const columns = new SpanColumns(names.length);
  for (const [index] of names.entries()) {
    const at = columns.next();
    columns.idLow[at] = index + 1;
    if (index > 0) [columns.hasParent[at], columns.parentLow[at]] = [1, 1];
    [columns.starts[at], columns.ends[at]] = [index, index + 2_000_000];
    columns.kinds[at] = SPAN_KINDS.indexOf(kind);
    columns.names[at] = index + 1;
    if (model !== null) columns.models[at] = names.length + 1;
  }
  return buildSkeleton({ traceId: 'ab', revision: 1, zeroNs: '0' }, { columns, textOf: (number) => names[number - 1] ?? model!, carriesUsage: 1 << 17, costReported: 1 << 18 }).skeleton;
}

describe('a trace as lines', () => {
  it('says the model beside a name that does not say it already', () => {
    const lines = [...treeLines(skeletonOf(['chat gpt-5', 'gpt-5', 'chat gpt-5-mini', 'chat azure/gpt-5', 'gpt-5-mini, then gpt-5', 'plan'], 'llm', 'gpt-5'), title, [], 0, 6)].join('');
    expect([...lines.matchAll(/llm {2}(.*?) {2}\d+ ms/g)].map(([, said]) => said)).toEqual(['chat gpt-5', 'gpt-5', 'chat gpt-5-mini  gpt-5', 'chat azure/gpt-5  gpt-5', 'gpt-5-mini, then gpt-5', 'plan  gpt-5']);
  });

  it('says what it is, what stands out, and each span', () => {
    const lines = [...treeLines(skeletonOf(['plan', 'chat']), title, [{ rule: 'errors', severity: 'error', message: 'chat failed', spanIds: [] }], 0, 2)].join('');
    expect(lines).toBe('run · 4.2 s · 2 model calls · 1 tool call · 31,204 tokens · $0.0830 and 1 call without a price · shop · production\nab\n✗ chat failed\n\n0000000000000001  llm  plan  2 ms\n0000000000000002    llm  chat  2 ms\n');
  });

  it('tells spans apart by as much of their ids as it takes', () => {
    const skeleton = skeletonOf(['plan', 'chat']);
    skeleton.spanIds[0] = 0x4a;
    expect([...treeLines(skeleton, title, [], 0, 2)].slice(-2).join('')).toBe('4a000000  llm  plan  2 ms\n00000000    llm  chat  2 ms\n');
  });

  it('shows control characters instead of sending them to the terminal', () => {
    const lines = [...treeLines(skeletonOf(['\u001b]0;owned\u0007\u001b[2J', 'a\nb\u202e\u2028\u061c', `x${'😀'.repeat(300)}`]), title, [], 0, 3)].join('');
    expect(lines).toContain('\\u001b]0;owned\\u0007\\u001b[2J');
    expect(lines).toContain('a b\\u202e\\u2028\\u061c');
    expect(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u2028\u202e]/.test(lines)).toBe(false);
    expect(lines).toContain(`x${'😀'.repeat(99)}…`);
  });
});

describe('a trace as Markdown', () => {
  it('has every message once, and no text that ends its block', () => {
    const first = text('user', 'Where is my order?');
    const answer = { role: 'assistant', parts: [{ type: 'text', text: 'Let me look.' }, { type: 'tool_call', id: 'c1', name: 'look', arguments: { code: '```js\n````' } }] };
    const call = (id: string, input: object[], output: object[]) => rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', 'gen_ai.input.messages': JSON.stringify(input.map(wire)), 'gen_ai.output.messages': JSON.stringify(output.map(wire)) }, { id, parent: id === '1' ? null : '1' });
    const wire = (message: object) => JSON.parse(JSON.stringify(message).replaceAll('"text":', '"content":')) as object;
    const { spans } = normaliseTrace([call('1', [first], [answer]), call('2', [first, answer, { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'it is late' }] }], [text('assistant', 'It is late, sorry.')])]);
    const markdown = [...markdownOf(title, 0, 2, (at) => spans[at]!, skeletonOf(['chat', 'chat']))].join('');
    for (const said of ['Where is my order?', 'Let me look.', 'it is late', 'It is late, sorry.']) expect(markdown.split(said).length - 1, said).toBe(1);
    expect(markdown.split('\n').filter((line) => line.startsWith('`````'))).toEqual(['`````json', '`````']);
  });

  it('shows of a tool call only what was sent of it', () => {
    const { spans } = normaliseTrace([rawSpan({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'forecast' }, { id: '1', parent: null })]);
    const markdown = [...markdownOf(title, 0, 1, (at) => spans[at]!, skeletonOf(['execute_tool forecast'], 'tool'))].join('');
    expect(markdown).toContain('**forecast**');
    expect(markdown).not.toContain('null');
  });
});

describe('long texts', () => {
  it('are cut with their place, and found again', () => {
    const value = { a: ['x'.repeat(40_000), 'y'], 'b/c': { '~': 'z'.repeat(33_000) }, ['__proto__']: 1 };
    const { value: short, cut } = cutLong(value);
    expect(cut).toEqual([{ pointer: '/a/0', length: 40_000 }, { pointer: '/b~1c/~0', length: 33_000 }]);
    expect(short.a[0]).toHaveLength(32_768);
    for (const { pointer, length } of cut) expect(valueAt(value, pointer)).toHaveLength(length);
    for (const pointer of ['/a/x', '/a/-1', '/toString', 'a', '/a/0/0']) expect(valueAt(value, pointer)).toBeUndefined();
    expect(Object.getPrototypeOf(short)).toBe(Object.prototype);
  });

  it('shorter ones are cut too once there are many', () => {
    const { cut } = cutLong(Array.from({ length: 300 }, () => 'x'.repeat(30_000)));
    expect(cut.length).toBeGreaterThan(100);
    expect(cut.length).toBeLessThan(300);
  });
});

it.each([
  [['gpt-5', ''], 'GPT-5-mini', true], [['gpt-5', ''], 'xgpt-5', false], [['', 'a', ''], 'bab', true], [['a', 'a'], 'a', false], [['a', 'a'], 'aa', true], [['a', 'b', 'c'], 'a-b-b-c', true], [['a', 'b', 'c'], 'abd', false], [['x'], 'X', true], [['', ''], '', true], [[''], 'x', false],
])('the pattern %j and %s: %s', (pattern, value, fits) => expect(testOf(pattern)(value)).toBe(fits));
