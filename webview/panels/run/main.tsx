import { render } from 'preact';
import type { RunPanelMethods } from '../../../src/protocol/run-panel.ts';
import { decodeRunChanged, decodeRunPanelResult } from '../../../src/protocol/run-panel-decode.ts';
import { connectHost } from '../../rpc/host.ts';
import { RunPanel } from './run-panel.tsx';
import { RunModel } from './run-model.ts';
import { decodeViewState } from './view-state.ts';
import '../../shared/base.css';
import '../../shared/panel.css';
import '../../shared/content.css';
import './run.css';
import './detail.css';

const host = connectHost<RunPanelMethods>({
  decodeResult: decodeRunPanelResult,
  listeners: {
    'run/changed': (params) => {
      const { snapshot, revision } = decodeRunChanged(params);
      model.changed(snapshot, revision);
    },
  },
});
const model = new RunModel(host.rpc, decodeViewState(host.loadState()), (state, runId) => host.saveState({ ...state, runId }));

render(<RunPanel model={model} />, document.body);
addEventListener('pagehide', () => model.dispose());
void model.start();
