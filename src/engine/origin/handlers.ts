import type { SpanMethods } from '../../protocol/spans.ts';
import type { Origins } from './origins.ts';

type OriginMethod = 'spans/prompt' | 'prompts/production' | 'calls/match' | 'calls/new-prompt' | 'golden/propose' | 'golden/sample';
export type OriginHandlers = { readonly [M in OriginMethod]: (params: SpanMethods[M][0], signal: AbortSignal) => Promise<SpanMethods[M][1]> };

/** What the engine answers about prompts of calls. `get`: the parts of the folder that is open. */
export function originHandlers(get: () => { readonly origins: Origins }): OriginHandlers {
  return {
    'spans/prompt': (params, signal) => get().origins.promptOf(params, signal),
    'prompts/production': (params) => get().origins.production(params),
    'calls/match': ({ forMs }, signal) => get().origins.match(forMs, signal),
    'calls/new-prompt': (params, signal) => get().origins.newPrompt(params, signal),
    'golden/propose': async (params, signal) => (await get().origins.golden(params.overlays)).propose(params, signal),
    'golden/sample': async (params, signal) => (await get().origins.golden([])).sample(params, signal),
  };
}
