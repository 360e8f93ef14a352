import { render } from 'preact';
import type { VersionsPanelMethods } from '../../../src/protocol/versions-panel.ts';
import { decodeVersionsPanelResult } from '../../../src/protocol/versions-panel-decode.ts';
import { connectHost } from '../../rpc/host.ts';
import { VersionsModel } from './versions-model.ts';
import { VersionsPanel } from './versions-panel.tsx';
import { decodeViewState } from './view-state.ts';
import '../../shared/base.css';
import '../../shared/panel.css';
import './versions.css';

const host = connectHost<VersionsPanelMethods>({
  decodeResult: decodeVersionsPanelResult,
  listeners: { 'versions/changed': () => void model.changed() },
});
// After a reload of the window the extension learns from the path and the id which prompt this is.
const model = new VersionsModel(host.rpc, decodeViewState(host.loadState()), (state, path) => host.saveState({ ...state, path, promptId: model.shown.value?.promptId }));

render(<VersionsPanel model={model} />, document.body);
addEventListener('pagehide', () => model.dispose());
void model.start();
