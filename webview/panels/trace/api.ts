import { errorMessage, TouchstoneError, type ErrorCode } from '../../../src/core/errors.ts';
import type { RpcPeer } from '../../../src/protocol/rpc-peer.ts';
import type { TracePanelMethods } from '../../../src/protocol/trace-panel.ts';

export type TracePanelApi = Pick<RpcPeer<TracePanelMethods>, 'request'>;

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

export function asFailure(error: unknown): Failure {
  return error instanceof TouchstoneError ? { code: error.code, message: error.message } : { code: 'internal', message: errorMessage(error) };
}
