import { render } from 'preact';
import type { ComparePanelMethods } from '../../../src/protocol/compare-panel.ts';
import { decodeComparePanelResult } from '../../../src/protocol/compare-panel-decode.ts';
import { connectHost } from '../../rpc/host.ts';
import { CompareModel } from './compare-model.ts';
import { ComparePanel } from './compare-panel.tsx';
import { decodeViewState } from './view-state.ts';
import '../../shared/base.css';
import '../../shared/panel.css';
import '../../shared/content.css';
import './compare.css';
import './detail.css';
import './tables.css';

const host = connectHost<ComparePanelMethods>({
  decodeResult: decodeComparePanelResult,
  listeners: { 'comparison/changed': () => model.changed() },
});
// After a restart of the window the extension learns from `comparisons` which runs the panel compares.
const model = new CompareModel(host.rpc, decodeViewState(host.loadState(), Math.floor(Math.random() * 2 ** 31)), (state, subject) => host.saveState({ ...state, comparisons: JSON.parse(subject) as unknown }));

render(<ComparePanel model={model} />, document.body);
addEventListener('pagehide', () => model.dispose());
void model.start();
