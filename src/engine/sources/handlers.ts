import type { RemoteMethods } from '../../protocol/remote.ts';
import type { RemoteSources } from './remote.ts';

export type RemoteHandlers = { readonly [M in keyof RemoteMethods]: (params: RemoteMethods[M][0], signal: AbortSignal) => Promise<RemoteMethods[M][1]> };

/** What the engine answers about links and sources. `get`: the parts of the folder that is open. */
export function remoteHandlers(get: () => { readonly remote: RemoteSources }): RemoteHandlers {
  return {
    'links/explain': (params) => get().remote.explain(params),
    'links/open': (params, signal) => get().remote.open(params, signal),
    'links/make': (params) => get().remote.make(params),
    'remote/sources': () => get().remote.list(),
    'remote/describe': (params) => get().remote.describe(params),
    'remote/list': (params, signal) => get().remote.page(params, signal),
    'remote/sessions': (params, signal) => get().remote.sessions(params, signal),
    'remote/summary': (params, signal) => get().remote.summary(params, signal),
    'remote/fetch': (params, signal) => get().remote.fetch(params, signal),
    'remote/refresh': (params, signal) => get().remote.refresh(params, signal),
    'remote/origin': (params) => get().remote.origin(params),
    'remote/test': (params, signal) => get().remote.test(params, signal),
    'remote/add': (params) => get().remote.add(params),
    'remote/scores': (params, signal) => get().remote.scores(params, signal),
    'remote/annotate': (params, signal) => get().remote.annotate(params, signal),
  };
}
