/**
 * The engine's process: forked by the extension with Electron (or Node) as the runtime, it speaks RpcMessage over its IPC channel
 * and ends when the channel closes.
 */
import { setSourceMapsEnabled } from 'node:process';
import { TouchstoneError, errorMessage } from '../core/errors.ts';
import type { EngineClient, EngineHost, EngineNotifications, HostMethods, HostNotifications } from '../protocol/engine.ts';
import { RpcPeer, type RpcHandler } from '../protocol/rpc-peer.ts';
import { createEngine } from './engine.ts';
import { decodeParams, ENGINE_METHODS } from './decode.ts';

/** For cancelling what runs, once the window has gone. */
const EXIT_LIMIT_MS = 10_000;

// Programs that the engine starts must be what they are, not Node in disguise.
delete process.env['ELECTRON_RUN_AS_NODE'];
setSourceMapsEnabled(true);

if (process.send === undefined) {
  process.stderr.write('This is the engine of Touchstone. It is started by the extension; on a terminal use "touchstone".\n');
  process.exit(2);
}

const NOTIFICATIONS: readonly (keyof EngineNotifications)[] = ['run/changed', 'runs/changed', 'once/text', 'log', 'traces/changed', 'traces/progress', 'sources/changed', 'registry/changed', 'remote/progress', 'replay/progress'];
const listeners: { [N in keyof HostNotifications]: Set<(params: HostNotifications[N]) => void> } = { 'lm/text': new Set() };

const handlers: Record<string, RpcHandler> = {};
const peer: RpcPeer<HostMethods, EngineNotifications> = new RpcPeer<HostMethods, EngineNotifications>(send, {
  handlers,
  listeners: {
    'lm/text': (params) => {
      const { stream, text } = params as HostNotifications['lm/text'];
      for (const listener of listeners['lm/text']) listener({ stream, text });
    },
  },
  onProblem: (error) => log('warn', error.message),
});

const host: EngineHost = {
  name: 'another VS Code window',
  request: (method, params, signal) => peer.request(method, params, signal),
  on(name, listener) {
    listeners[name].add(listener);
    return () => void listeners[name].delete(listener);
  },
};

const engine: EngineClient = createEngine({ host, stays: true });
for (const method of ENGINE_METHODS) handlers[method] = (params, signal) => engine.request(method, decodeParams(method, params), signal);
for (const name of NOTIFICATIONS) engine.on(name, (params) => peer.notify(name, params));

process.on('message', (message) => peer.receive(message));
process.on('disconnect', () => {
  peer.dispose(new TouchstoneError('engine-stopped', 'The extension has closed.'));
  void engine.dispose().finally(() => process.exit(0));
  // A program that does not end must not keep this process behind a closed window: what was finished is stored.
  setTimeout(() => process.exit(1), EXIT_LIMIT_MS).unref();
});
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
// A stray rejection is a defect to be told, not a reason to lose the runs of this process.
process.on('unhandledRejection', (error) => log('error', `Unexpected: ${errorMessage(error)}`));

/** A window that is killed leaves a broken channel for the moment until `disconnect`: whom nobody hears has nothing to complain of. */
function send(message: unknown): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function log(level: EngineNotifications['log']['level'], message: string): void {
  if (process.connected) peer.notify('log', { level, message });
}
