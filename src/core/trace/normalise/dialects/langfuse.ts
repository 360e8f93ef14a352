import { isObject } from '../../../json.ts';
import type { Dialect } from '../dialect.ts';
import type { Draft } from '../draft.ts';
import { numberOf } from '../span-view.ts';
import { countOf, usageOf, type ReportedTokens } from '../tokens.ts';

/** Langfuse's SDKs, and its exported observations, whose members are read under the same names. */
export const langfuse: Dialect = {
  name: 'langfuse',
  detect: (view) => view.hasPrefix('langfuse.') || view.scope === 'langfuse-sdk',
  read(draft) {
    const { view } = draft;
    draft.text('modelServed', 'langfuse.observation.model.name');
    const parameters = view.json('langfuse.observation.model.parameters');
    if (isObject(parameters)) draft.merge('parameters', parameters, 'langfuse.observation.model.parameters');
    readContent(draft);
    const usage = view.json('langfuse.observation.usage_details');
    draft.tokens(langfuseUsage(usage), 'langfuse.observation.usage_details');
    readCost(draft);
    draft.firstTokenAt('langfuse.observation.completion_start_time');
    draft.text('session', 'langfuse.session.id', 'session.id');
    draft.text('user', 'langfuse.user.id', 'user.id');
    draft.text('promptName', 'langfuse.observation.prompt.name');
    draft.text('promptVersion', 'langfuse.observation.prompt.version');
    draft.text('environment', 'langfuse.environment');
    draft.addTags(view.json('langfuse.trace.tags'), 'langfuse.trace.tags');
    for (const prefix of ['langfuse.observation.metadata.', 'langfuse.trace.metadata.']) draft.mergeUnder('metadata', prefix);
    if (view.text('langfuse.observation.level') === 'ERROR') draft.set('error', { type: null, message: view.text('langfuse.observation.status_message'), stack: null }, 'langfuse.observation.level', 'langfuse.observation.status_message');
    // LangGraph and LangChain reach Langfuse through a callback, which keeps their own names in the metadata.
    draft.text('provider', 'langfuse.observation.metadata.ls_provider');
    draft.text('modelRequested', 'langfuse.observation.metadata.ls_model_name');
    if (draft.get('kind') === 'agent' || view.has('langfuse.observation.metadata.langgraph_node')) draft.text('agentName', 'langfuse.observation.metadata.langgraph_node');
    draft.text('session', 'langfuse.observation.metadata.thread_id');
  },
};

function readContent(draft: Draft): void {
  const { view } = draft;
  if (draft.get('kind') === 'tool') {
    draft.json('toolArguments', 'langfuse.observation.input');
    draft.json('toolResult', 'langfuse.observation.output');
  }
  const input = view.json('langfuse.observation.input');
  draft.content('input', Array.isArray(input) ? input.filter((item) => !isOfferedTool(item)) : input, 'langfuse.observation.input');
  draft.contentOf('output', 'langfuse.observation.output');
  draft.tools(Array.isArray(input) ? input.filter(isOfferedTool).map((item) => item.content) : isObject(input) ? input['tools'] : undefined, 'langfuse.observation.input');
  if (view.span.parentSpanId === null) {
    draft.contentOf('input', 'langfuse.trace.input');
    draft.contentOf('output', 'langfuse.trace.output');
  }
}

/** Langfuse's callback for LangChain puts the tools behind the messages, as messages of their own. */
function isOfferedTool(item: unknown): item is { content: unknown } {
  return isObject(item) && item['role'] === 'tool' && isObject(item['content']) && item['content']['type'] === 'function';
}

/**
 * Langfuse's buckets are disjoint: `input` is what was not cached, `output` what was not reasoning. Some SDKs pass the provider's
 * numbers on as they are, which the total tells when it is the sum of input and output alone.
 */
function langfuseUsage(value: unknown): ReportedTokens | null {
  const usage = usageOf(value);
  if (!usage || !isObject(value)) return null;
  const total = countOf(value['total'] ?? value['total_tokens']);
  const inclusive = !('input' in value) || (total !== null && total === (usage.input ?? 0) + (usage.output ?? 0));
  return inclusive ? usage : { ...usage, inputExcludesCache: true, outputExcludesReasoning: true };
}

function readCost(draft: Draft): void {
  const details = draft.view.json('langfuse.observation.cost_details');
  if (!isObject(details)) return;
  const parts = Object.entries(details).filter(([key]) => key !== 'total').map(([, value]) => numberOf(value)).filter((cost) => cost !== null);
  const total = numberOf(details['total']) ?? (parts.length === 0 ? null : parts.reduce((sum, cost) => sum + cost, 0));
  draft.set('costReported', total, 'langfuse.observation.cost_details');
}
