import { isObject } from '../../../json.ts';
import { documentsOf } from '../documents.ts';
import type { Dialect } from '../dialect.ts';
import { textOf } from '../span-view.ts';
import { usageOf, type ReportedTokens } from '../tokens.ts';

/** Google's Genkit. */
export const genkit: Dialect = {
  name: 'genkit',
  detect: (view) => view.hasPrefix('genkit:') || view.scope === 'genkit-tracer',
  read(draft) {
    const { view } = draft;
    const kind = draft.get('kind');
    const input = view.json('genkit:input');
    const output = view.json('genkit:output');
    const name = view.text('genkit:name');
    if (kind === 'tool') {
      draft.text('toolName', 'genkit:name');
      draft.json('toolArguments', 'genkit:input');
      draft.json('toolResult', 'genkit:output');
    }
    if (kind === 'llm' || kind === 'embedding') {
      // `googleai/gemini-2.5-flash`
      const slash = name?.indexOf('/') ?? -1;
      draft.set('provider', slash > 0 ? name!.slice(0, slash) : null, 'genkit:name');
      draft.set('modelRequested', slash > 0 ? name!.slice(slash + 1) : name, 'genkit:name');
      if (isObject(input)) {
        draft.tools(input['tools'], 'genkit:input');
        if (isObject(input['config'])) draft.merge('parameters', input['config'], 'genkit:input');
      }
      if (isObject(output)) {
        const raw = isObject(output['raw']) ? output['raw'] : {};
        draft.tokens(withDetails(usageOf(output['usage']), usageOf(raw['usage'])), 'genkit:output');
        draft.set('modelServed', textOf(raw['model']) ?? textOf(raw['modelVersion']), 'genkit:output');
        draft.set('responseId', textOf(raw['id']) ?? textOf(raw['responseId']), 'genkit:output');
        const reason = textOf(output['finishReason']);
        if (reason !== null) draft.set('finishReasons', [reason], 'genkit:output');
      }
    }
    if (kind === 'retriever') {
      const documents = documentsOf(output);
      const query = isObject(input) && isObject(input['query']) ? documentsOf([input['query']])?.[0]?.content : undefined;
      draft.set('retrieval', { query: query ?? (isObject(input) ? textOf(input['query']) : textOf(input)), topK: null, source: name, documents: documents ?? [] }, 'genkit:input', 'genkit:output');
    }
    draft.contentOf('input', 'genkit:input');
    draft.contentOf('output', 'genkit:output');
    if (kind === 'agent') draft.text('agentName', 'genkit:name');
    draft.text('session', 'genkit:sessionId', 'genkit:metadata:sessionId');
    if (kind === 'prompt') draft.text('promptName', 'genkit:name');
    draft.mergeUnder('metadata', 'genkit:metadata:');
    if (view.text('genkit:state') === 'error') draft.set('error', { type: null, message: view.text('genkit:error'), stack: null }, 'genkit:state');
  },
};

/** Plugins leave out of the usage what the provider's own answer still says: what was cached, what was reasoning. */
function withDetails(usage: ReportedTokens | null, raw: ReportedTokens | null): ReportedTokens | null {
  if (!usage || !raw || usage.input !== raw.input || usage.output !== raw.output) return usage ?? raw;
  return { ...usage, cacheRead: usage.cacheRead ?? raw.cacheRead, cacheWrite: usage.cacheWrite ?? raw.cacheWrite, reasoning: usage.reasoning ?? raw.reasoning };
}
