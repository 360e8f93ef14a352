import { describe, expect, it } from 'vitest';
import { mergeSpans } from '../../../src/core/trace/merge.ts';
import { normaliseTrace } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { rollUp } from '../../../src/core/trace/roll-up.ts';
import { buildTree, type TreeSpan } from '../../../src/core/trace/tree.ts';
import { rawSpan } from './spans.ts';

function tree(...spans: readonly (readonly [id: string, parent: string | null, start?: number, end?: number | null])[]): ReturnType<typeof buildTree> {
  return buildTree(spans.map(([spanId, parentId, start = 0, end = start + 1]): TreeSpan => ({ spanId, parentId, startNs: `${start}000000`, endNs: end === null ? null : `${end}000000` })));
}

describe('the tree of a trace', () => {
  it('puts parents before children and siblings by their start, whatever the order of arrival', () => {
    const built = tree(['c', 'b', 5], ['d', 'a', 9], ['b', 'a', 3], ['a', null, 1]);
    expect([...built.order]).toEqual([3, 2, 0, 1]);
    expect([...built.depths]).toEqual([2, 1, 1, 0]);
    expect([...built.descendants]).toEqual([0, 0, 1, 3]);
    expect([...built.parents]).toEqual([2, 3, 3, -1]);
  });

  it('of siblings that start together puts the one that ended first before the other, and one that runs last', () => {
    const built = tree(['a', null, 0, 90], ['b', 'a', 10, null], ['c', 'a', 10, 30], ['d', 'a', 10, 11], ['e', 'a', 10, 30]);
    expect([...built.order]).toEqual([0, 3, 2, 4, 1]);
  });

  it('keeps spans whose parent is missing, by the parent', () => {
    const built = tree(['a', null], ['b', 'gone', 2], ['c', 'gone', 1], ['d', 'b', 3]);
    expect(built.missing).toEqual([{ spanId: 'gone', children: [2, 1] }]);
    expect(built.roots).toEqual([0, 2, 1]);
    expect(built.order).toHaveLength(4);
  });

  it('cuts cycles and says where', () => {
    const built = tree(['a', 'c'], ['b', 'a'], ['c', 'b'], ['d', 'c'], ['e', 'e'], ['f', null]);
    expect(built.cut).toEqual([0]);
    expect([...built.order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(built.parents[0]).toBe(-1);
    expect(tree(['x', 'y'], ['y', 'x'], ['z', 'x']).order).toHaveLength(3);
  });

  it('marks clocks that disagree, and spans that run', () => {
    const built = tree(['a', null, 10, 20], ['b', 'a', 8, 12], ['c', 'a', 11, 5], ['d', 'a', 12, null]);
    expect([...built.skew]).toEqual([[1, 'starts-before-parent'], [2, 'ends-before-start']]);
    expect(built.running).toEqual([3]);
  });

  it('is built without recursion', () => {
    const chain = Array.from({ length: 50_000 }, (_, index): TreeSpan => ({ spanId: `s${index}`, parentId: index === 0 ? null : `s${index - 1}`, startNs: '1', endNs: '2' }));
    expect(buildTree(chain.reverse()).descendants[49_999]).toBe(49_999);
  });
});

describe('merging spans', () => {
  it('takes a span once, however often it is sent; the version with an end stands', () => {
    const early = rawSpan({ a: 1, b: 1 }, { id: '1', end: null });
    const late = rawSpan({ b: 2 }, { id: '1' });
    for (const order of [[early, late], [late, early], [early, late, late]]) {
      const [only, ...others] = mergeSpans(order);
      expect(others).toEqual([]);
      expect(only!.span.endTimeUnixNano).not.toBeNull();
      expect(Object.fromEntries(only!.span.attributes.map(({ key, value }) => [key, value]))).toEqual({ a: { intValue: '1' }, b: { intValue: '2' } });
    }
  });

  it('shows Logfire’s pending spans until the real ones come', () => {
    const pending = rawSpan({ 'logfire.span_type': 'pending_span', 'logfire.pending_parent_id': '00000000000000ff' }, { id: '9', parent: '1', name: 'work' });
    const real = rawSpan({}, { id: '1', parent: 'ff', name: 'work' });
    expect(mergeSpans([pending])).toMatchObject([{ pending: true, span: { spanId: '0000000000000001', parentSpanId: '00000000000000ff', endTimeUnixNano: null } }]);
    for (const order of [[pending, real], [real, pending]]) expect(mergeSpans(order)).toMatchObject([{ pending: false, span: { name: 'work', endTimeUnixNano: '2000000000' } }]);
    const root = rawSpan({ 'logfire.span_type': 'pending_span', 'logfire.pending_parent_id': '0000000000000000' }, { id: '9', parent: '1' });
    expect(normaliseTrace([root]).spans[0]).toMatchObject({ pending: true, parentId: null, endNs: null });
  });
});

const call = (id: string, parent: string, tokens: number, extra: object = {}) => rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.input_tokens': tokens, 'gen_ai.usage.output_tokens': 0, ...extra }, { id, parent, start: 1000, end: 2000, name: `chat ${id}` });
const agent = (id: string, parent: string | null, tokens: number | undefined) => rawSpan({ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.input_tokens': tokens, 'gen_ai.usage.output_tokens': tokens === undefined ? undefined : 0 }, { id, parent, start: 1000, end: 9000, name: `agent ${id}` });

describe('usage counted once', () => {
  it('wrappers repeat their calls', () => {
    const { spans, tree: built } = normaliseTrace([agent('1', null, 300), agent('2', '1', 300), call('3', '2', 100), call('4', '2', 200)]);
    expect(spans.map((span) => [span.usageRole, span.usageReason])).toEqual([
      ['aggregate', '2 model calls below carry their own usage'], ['aggregate', '2 model calls below carry their own usage'], ['leaf', null], ['leaf', null],
    ]);
    expect(rollUp(spans, built).map((sum) => sum.tokens?.input ?? null)).toEqual([300, 300, 100, 200]);
  });

  it('says what a wrapper reports more', () => {
    expect(normaliseTrace([agent('1', null, 500), call('2', '1', 100)]).spans[0]).toMatchObject({ usageRole: 'aggregate', usageReason: '1 model call below carries its own usage: 100 tokens, 500 reported here' });
  });

  it('a wrapper whose calls report nothing counts itself', () => {
    const { spans } = normaliseTrace([agent('1', null, 500), rawSpan({ 'gen_ai.operation.name': 'chat' }, { id: '2', parent: '1' })]);
    expect(spans.map((span) => span.usageRole)).toEqual(['leaf', null]);
  });

  it('two instrumentations of one call: the inner one counts', () => {
    const outer = call('1', '9', 100, { 'gen_ai.response.id': 'r' });
    const { spans, tree: built } = normaliseTrace([outer, call('2', '1', 100, { 'gen_ai.response.id': 'r' })]);
    expect(spans.map((span) => span.usageRole)).toEqual(['duplicate', 'leaf']);
    expect(spans[0]!.usageReason).toBe('the same call as “chat 2” below, which is counted');
    expect(rollUp(spans, built)[0]!.tokens?.input).toBe(100);
    // another answer is another call
    expect(normaliseTrace([outer, call('2', '1', 100, { 'gen_ai.response.id': 'q' })]).spans[0]!.usageRole).toBe('aggregate');
  });

  it('a call that is shorter than nine tenths of its wrapper is no duplicate', () => {
    const inner = rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.input_tokens': 1 }, { id: '2', parent: '1', start: 1000, end: 1800 });
    expect(normaliseTrace([call('1', '9', 100), inner]).spans[0]!.usageRole).toBe('aggregate');
  });

  it('sums costs, errors, and calls without a price', () => {
    const unknown = rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'my-model', 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.output_tokens': 1 }, { id: '3', parent: '1', status: { code: 2 } });
    const { spans, tree: built } = normaliseTrace([agent('1', null, undefined), call('2', '1', 1_000_000), unknown]);
    expect(rollUp(spans, built)[0]).toEqual({ tokens: { input: 1_000_005, cacheRead: null, cacheWrite: null, output: 1, reasoning: null }, cost: 2.5, unpriced: 1, errors: 1 });
    expect(spans[2]!.cost).toBeNull();
  });

  it('takes prices of touchstone.yml', () => {
    expect(normaliseTrace([rawSpan({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'my-model', 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 1 })], [], { prices: { 'my-model': { input: 100_000, output: 0, date: '', source: 'touchstone.yml' } } }).spans[0]).toMatchObject({ cost: 1, costSource: 'computed' });
  });
});

describe('places in the source', () => {
  it('are inherited, and said to be', () => {
    const { spans } = normaliseTrace([rawSpan({ 'code.file.path': 'a.py', 'code.line.number': 3 }, { id: '1', name: 'main' }), rawSpan({}, { id: '2', parent: '1' })]);
    expect(spans[1]).toMatchObject({ codeFile: 'a.py', codeLine: 3 });
    expect(spans[1]!.sources.code).toEqual(['code.file.path of the span “main” above', 'code.line.number of the span “main” above']);
  });
});
