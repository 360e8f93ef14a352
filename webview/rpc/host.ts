import { TouchstoneError } from '../../src/core/errors.ts';
import { RpcPeer, type RpcOptions } from '../../src/protocol/rpc-peer.ts';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare global {
  function acquireVsCodeApi(): VsCodeApi;
}

/** The panel's side of the border: the RPC, and the place where VS Code keeps the panel's view state. */
export interface Host<Methods extends { readonly [M in keyof Methods]: readonly [unknown, unknown] }> {
  readonly rpc: RpcPeer<Methods>;
  /** What `saveState` kept, before a reload too; `undefined` the first time. Decode it: an older build may have written it. */
  loadState(): unknown;
  /** View only (filter, selection, sizes), never data: it is written to VS Code's own storage. */
  saveState(state: object): void;
}

/** May be called once: VS Code gives its API once to a page. */
export function connectHost<Methods extends { readonly [M in keyof Methods]: readonly [unknown, unknown] }>(options: RpcOptions): Host<Methods> {
  const vscode = acquireVsCodeApi();
  const rpc = new RpcPeer<Methods>((message) => vscode.postMessage(message), {
    // To the panel's own console, where a developer looks; there is nobody to answer.
    onProblem: (problem) => reportError(problem),
    ...options,
  });
  addEventListener('message', (event: MessageEvent<unknown>) => rpc.receive(event.data));
  addEventListener('pagehide', () => rpc.dispose(new TouchstoneError('cancelled', 'The panel was closed.')));
  return { rpc, loadState: () => vscode.getState(), saveState: (state) => vscode.setState(state) };
}
