import { effect } from '@preact/signals';
import { render } from 'preact';
import type { TracePanelMethods } from '../../../src/protocol/trace-panel.ts';
import { decodeTraceChanged, decodeTracePanelResult, decodeTraceReveal } from '../../../src/protocol/trace-panel-decode.ts';
import { connectHost } from '../../rpc/host.ts';
import { TraceModel } from './trace-model.ts';
import { TracePanel } from './trace-panel.tsx';
import { decodeViewState } from './view-state.ts';
import '../../shared/base.css';
import '../../shared/panel.css';
import '../../shared/content.css';
import './trace.css';
import './list.css';
import './detail.css';

const host = connectHost<TracePanelMethods>({
  decodeResult: decodeTracePanelResult,
  listeners: {
    'trace/changed': (params) => model.changed(decodeTraceChanged(params).revision),
    'trace/reveal': (params) => model.revealSpan(decodeTraceReveal(params).spanId),
    'trace/deleted': () => { model.deleted.value = true; },
  },
});
const model = new TraceModel(host.rpc, decodeViewState(host.loadState()), (state, traceId) => host.saveState({ ...state, traceId }));

/** So long nothing is drawn: the extension has asked the engine while this page loaded, and what stands in for the answers would be drawn for nothing. */
const PATIENCE_MS = 30;
const answered = new Promise<void>((resolve) => {
  setTimeout(resolve, PATIENCE_MS);
  const stop = effect(() => {
    if ((model.trace.value === null || model.view.value === null) && model.failure.value === null && !model.deleted.value) return;
    resolve();
    queueMicrotask(() => stop());
  });
});
void answered.then(() => render(<TracePanel model={model} />, document.body));
addEventListener('pagehide', () => model.dispose());
void model.start();
