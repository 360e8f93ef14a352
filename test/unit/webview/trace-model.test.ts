import { afterEach, describe, expect, test, vi } from 'vitest';
import { TouchstoneError } from '../../../src/core/errors.ts';
import type { Span } from '../../../src/core/trace/model.ts';
import { decoded, RpcPeer } from '../../../src/protocol/rpc-peer.ts';
import { decodeTracePanelResult } from '../../../src/protocol/trace-panel-decode.ts';
import { tracePanelParams } from '../../../src/protocol/trace-panel-params.ts';
import type { TracePanelMethods } from '../../../src/protocol/trace-panel.ts';
import { TraceModel } from '../../../webview/panels/trace/trace-model.ts';
import { decodeViewState, INITIAL_STATE, type ViewState } from '../../../webview/panels/trace/view-state.ts';
import { refundAgent, spanOf } from '../../fixtures/traces/refund-agent.ts';
import { FakeTrace } from '../../fixtures/webview-harness/fake-trace.ts';

const models: TraceModel[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});

/** The panel's model over the real RPC and its decoders, with a trace in memory at the other end. */
function setup({ spans = refundAgent(), state = INITIAL_STATE, reveal = null }: { spans?: readonly Span[]; state?: ViewState; reveal?: string | null } = {}) {
  const trace = FakeTrace.of(spans);
  const saved: { state: ViewState; traceId: string | null }[] = [];
  const problem: { error: TouchstoneError | null } = { error: null };
  const calls: string[] = [];
  /** The skeleton is answered when it is released, a search when it is told what it found. */
  const held: { release: PromiseWithResolvers<undefined> | null; found: PromiseWithResolvers<string[]> | null } = { release: null, found: null };
  const guarded = <T>(name: string, answer: () => T): T => {
    calls.push(name);
    if (problem.error !== null) throw problem.error;
    return answer();
  };
  const host: RpcPeer<Record<never, never>> = new RpcPeer((message) => queueMicrotask(() => peer.receive(structuredClone(message))), {
    handlers: {
      'trace/get': () => guarded('trace/get', () => ({ row: trace.row(), reveal })),
      'trace/skeleton': decoded(tracePanelParams['trace/skeleton'], async ({ knownRevision }) => {
        await held.release?.promise;
        return guarded('trace/skeleton', () => (knownRevision === trace.skeleton.revision ? null : trace.skeleton));
      }),
      'trace/span': decoded(tracePanelParams['trace/span'], ({ spanId }) => guarded('trace/span', () => trace.detail(spanId))),
      'trace/find': decoded(tracePanelParams['trace/find'], ({ text }) => guarded('trace/find', async () => ({ spanIds: held.found === null ? trace.find(text) : await held.found.promise, more: false }))),
      'trace/findings': () => guarded('trace/findings', () => trace.findings),
      'copy': () => guarded('copy', () => ({})),
    },
  });
  const peer = new RpcPeer<TracePanelMethods>((message) => queueMicrotask(() => host.receive(structuredClone(message))), { decodeResult: decodeTracePanelResult });
  const model = new TraceModel(peer, state, (kept, traceId) => saved.push({ state: kept, traceId }));
  models.push(model);
  return { trace, model, saved, problem, calls, held };
}

const nameAt = (model: TraceModel, index: number): string => {
  const view = model.view.value!;
  const row = view.rows.at(index);
  return row.position < 0 ? '' : view.skeleton.texts[view.skeleton.names[row.position]!]!;
};
const activeName = (model: TraceModel): string => nameAt(model, model.active.value);
const indexOf = (model: TraceModel, name: string): number => Array.from({ length: model.view.value!.rows.length }, (_, index) => nameAt(model, index)).indexOf(name);

describe('the trace panel\'s model', () => {
  test('starts, and opens what it is asked for', async () => {
    const span = refundAgent().find(({ name }) => name === 'check_tone')!;
    const { model } = setup({ reveal: span.spanId });
    await model.start();
    expect(activeName(model)).toBe('check_tone');
    await expect.poll(() => model.open.value).toMatchObject({ kind: 'span', detail: { span: { name: 'check_tone' } } });
    await expect.poll(() => model.findings.value?.findings.length).toBeGreaterThan(0);
  });

  test('follows the keyboard only while a detail is open', async () => {
    const { model, calls } = setup();
    await model.start();
    model.moveTo(2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(calls).not.toContain('trace/span');
    model.openRow(2);
    model.moveTo(3);
    model.moveTo(4);
    await expect.poll(() => model.open.value).toMatchObject({ kind: 'span', detail: { span: { name: nameAt(model, 4) } } });
    expect(calls.filter((call) => call === 'trace/span')).toHaveLength(2);
    model.close();
    expect(model.open.value).toBeNull();
  });

  test('keeps selection, what is open and the detail over a new revision', async () => {
    const all = refundAgent();
    const { model, trace } = setup({ spans: all.slice(0, 20) });
    await model.start();
    model.toggle(indexOf(model, 'step 1'), false);
    model.openRow(indexOf(model, 'step 2'));
    const rows = model.view.value!.rows.length;
    trace.replace(all);
    model.changed(trace.skeleton.revision);
    await expect.poll(() => model.view.value!.skeleton.count).toBe(all.length);
    expect(activeName(model)).toBe('step 2');
    expect(model.view.value!.rows.length).toBeGreaterThan(rows);
    expect(model.view.value!.isOpen(model.view.value!.rows.at(indexOf(model, 'step 1')))).toBe(false);
    await expect.poll(() => model.open.value).toMatchObject({ kind: 'span', detail: { span: { name: 'step 2' } } });
  });

  test('reads a trace that grows one time after the other, however often it changes meanwhile', async () => {
    const all = refundAgent();
    const { trace, model, calls, held } = setup({ spans: all.slice(0, 4) });
    await model.start();
    vi.useFakeTimers();
    try {
      calls.length = 0;
      held.release = Promise.withResolvers<undefined>();
      const { skeleton } = trace;
      for (let change = 1; change <= 5; change++) {
        model.changed(skeleton.revision + change);
        await vi.advanceTimersByTimeAsync(500);
      }
      expect(calls.filter((name) => name === 'trace/get')).toHaveLength(1);
      trace.replace(all);
      held.release.resolve(undefined);
      held.release = null;
      await vi.advanceTimersByTimeAsync(60_000);
    } finally {
      vi.useRealTimers();
    }
    expect(model.view.value!.skeleton.count).toBe(all.length);
  });

  test('shows what the engine finds in a trace that grows faster than it answers', async () => {
    const all = refundAgent();
    const { trace, model, calls, held } = setup({ spans: all.slice(0, 8) });
    const found = (held.found = Promise.withResolvers<string[]>());
    const asked = () => calls.filter((name) => name === 'trace/find').length;
    await model.start();
    model.find('nothing is named so');
    await expect.poll(() => asked()).toBe(1);
    trace.replace(all);
    model.changed(trace.skeleton.revision);
    await expect.poll(() => model.view.value!.skeleton.count).toBe(all.length);
    found.resolve([all.at(-1)!.spanId]);
    await expect.poll(() => [...model.finder.matches.value!.positions]).toEqual([model.view.value!.positions.position(all.at(-1)!.spanId)]);
    expect(asked()).toBe(1);
  });

  test('stays at the match that was gone to while the trace grows', async () => {
    const all = refundAgent();
    const { trace, model } = setup({ spans: all.slice(0, -1) });
    await model.start();
    model.find('reply');
    await expect.poll(() => model.finder.busy.value).toBe(false);
    model.nextMatch(1);
    model.nextMatch(1);
    const [name, index] = [activeName(model), model.finder.current.value];
    expect(index).toBeGreaterThan(0);
    trace.replace(all);
    model.changed(trace.skeleton.revision);
    await expect.poll(() => model.view.value!.skeleton.count).toBe(all.length);
    await expect.poll(() => model.finder.busy.value).toBe(false);
    const { matches, current } = model.finder;
    expect(model.view.value!.skeleton.texts[model.view.value!.skeleton.names[matches.value!.positions[current.value]!]!]).toBe(name);
  });

  test('finds names at once and everything else when the engine has answered', async () => {
    const { model } = setup();
    await model.start();
    model.find('reply');
    expect(model.finder.matches.value?.positions.length).toBe(2); // reply_writer and draft_reply
    model.find('torn fly');
    expect(model.finder.matches.value?.positions.length).toBe(0);
    await expect.poll(() => model.finder.matches.value?.positions.length).toBe(1);
    model.nextMatch(1);
    expect(activeName(model)).toBe('remember_customer');
    model.find('');
    expect(model.finder.matches.value).toBeNull();
  });

  test('a kind that is filtered out comes back when one of it is gone to', async () => {
    const { model } = setup();
    await model.start();
    model.setOptions({ kinds: ['llm'] });
    expect(indexOf(model, 'issue_refund')).toBe(-1);
    model.nextError(1);
    expect(activeName(model)).toBe('issue_refund');
    expect(model.state.value.kinds).toBeNull();
  });

  test('zooms within the trace only, and to what is gone to', async () => {
    const { model } = setup();
    await model.start();
    model.time.setZoom({ from: -100, to: 900 });
    expect(model.state.value.zoom).toEqual({ from: 0, to: 1000 });
    model.nextError(1);
    const { from, to } = model.time.window;
    expect(from).toBeLessThan(3182);
    expect(to).toBeGreaterThan(3482);
    expect(to - from).toBeCloseTo(1000);
    model.time.zoomBy(0.001);
    expect(model.state.value.zoom).toBeNull();
  });

  test('what is looked at stays when an earlier span comes', async () => {
    const { trace, model } = setup();
    await model.start();
    model.time.setZoom({ from: 1000, to: 2000 });
    const [root] = refundAgent();
    trace.replace([...refundAgent(), spanOf({ spanId: 'f'.repeat(16), name: 'gateway', kind: 'chain', startNs: String(BigInt(root!.startNs) - 500_000_000n), endNs: root!.startNs })]);
    model.changed(trace.skeleton.revision);
    await expect.poll(() => model.view.value?.skeleton.revision).toBe(trace.skeleton.revision);
    expect(model.state.value.zoom).toEqual({ from: 1500, to: 2500 });
  });

  test('the axis grows with the clock while something runs that was heard of lately', async () => {
    const { model } = setup();
    await model.start();
    const start = Number(BigInt(refundAgent()[0]!.startNs) / 1_000_000n);
    model.time.tick(start + 10_000);
    expect(model.time.whole.to).toBe(10_000);
    model.time.tick(start + 24 * 3_600_000);
    expect(model.time.isGrowing).toBe(false);
    expect(model.time.whole.to).toBeLessThan(5000);
  });

  test('what fails is said, and what is shown stays', async () => {
    const { model, problem } = setup();
    problem.error = new TouchstoneError('engine-stopped', 'gone');
    await model.start();
    expect(model.failure.value).toMatchObject({ code: 'engine-stopped' });
    problem.error = null;
    await model.start();
    expect(model.failure.value).toBeNull();
    problem.error = new TouchstoneError('not-found', 'no such span');
    model.openRow(3);
    await expect.poll(() => model.open.value).toMatchObject({ failure: { code: 'not-found' } });
    await model.copy('x');
    expect(model.notice.value).toBe('no such span');
    expect(model.view.value).not.toBeNull();
  });

  test('restores where a person was', async () => {
    const first = setup();
    await first.model.start();
    first.model.toggle(indexOf(first.model, 'step 4'), false);
    first.model.openRow(indexOf(first.model, 'policy_index'));
    first.model.update({ tab: 'attributes' });
    await expect.poll(() => first.saved.at(-1)?.state.tab).toBe('attributes');
    const kept = first.saved.at(-1)!;
    expect(kept.traceId).toBe(refundAgent()[0]!.traceId);
    const second = setup({ state: decodeViewState(JSON.parse(JSON.stringify(kept.state))) });
    await second.model.start();
    expect(activeName(second.model)).toBe('policy_index');
    expect(second.model.view.value!.rows.length).toBe(first.model.view.value!.rows.length);
    await expect.poll(() => second.model.open.value).toMatchObject({ detail: { span: { name: 'policy_index' } } });
  });

  test('a trace without spans is one', async () => {
    const { model } = setup({ spans: [] });
    await model.start();
    expect(model.view.value?.rows.length).toBe(0);
    model.moveTo(3);
    model.nextError(1);
    model.nextMatch(1);
    model.time.zoomBy(2);
    expect(model.failure.value).toBeNull();
  });
});

describe('what reaches the panel', () => {
  test('every kind of span passes its decoder unchanged', () => {
    const trace = FakeTrace.of(refundAgent());
    for (const { spanId } of refundAgent()) {
      const detail = structuredClone(trace.detail(spanId));
      expect(decodeTracePanelResult('trace/span', detail)).toEqual(detail);
    }
    expect(decodeTracePanelResult('trace/skeleton', structuredClone(trace.skeleton))).toEqual(trace.skeleton);
  });

  test('columns of different lengths, and other kinds of arrays, are refused', () => {
    const { skeleton } = FakeTrace.of([spanOf({ spanId: '00000000000000a1', kind: 'llm', name: 'a' })]);
    expect(() => decodeTracePanelResult('trace/skeleton', { ...skeleton, starts: new Float64Array(2) })).toThrow('different lengths');
    expect(() => decodeTracePanelResult('trace/skeleton', { ...skeleton, kinds: [0] })).toThrow(TouchstoneError);
  });

  test('state from elsewhere falls back, member by member', () => {
    expect(decodeViewState(undefined)).toEqual(INITIAL_STATE);
    expect(decodeViewState({ mode: 'messages', zoom: { from: 5, to: 1 }, active: '<script>', kinds: ['llm', 'nothing'], treeWidth: -4, expansion: { mode: 'auto' } })).toEqual({ ...INITIAL_STATE, mode: 'messages' });
  });
});
