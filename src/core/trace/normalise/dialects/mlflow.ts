import { isObject } from '../../../json.ts';
import { documentsOf } from '../documents.ts';
import type { Dialect } from '../dialect.ts';
import { textOf } from '../span-view.ts';
import { usageOf } from '../tokens.ts';

/** MLflow's tracing: attributes whose values are JSON. */
export const mlflow: Dialect = {
  name: 'mlflow',
  detect: (view) => view.hasPrefix('mlflow.'),
  read(draft) {
    const { view } = draft;
    const kind = draft.get('kind');
    const inputs = view.json('mlflow.spanInputs');
    const outputs = view.json('mlflow.spanOutputs');
    draft.set('modelRequested', textOf(view.json('mlflow.llm.model')) ?? (isObject(inputs) ? textOf(inputs['model']) : null), 'mlflow.llm.model', 'mlflow.spanInputs');
    draft.set('modelServed', kind === 'llm' && isObject(outputs) ? textOf(outputs['model']) : null, 'mlflow.spanOutputs');
    if (kind === 'tool') {
      draft.set('toolName', textOf(view.json('mlflow.spanFunctionName')), 'mlflow.spanFunctionName');
      draft.json('toolArguments', 'mlflow.spanInputs');
      draft.json('toolResult', 'mlflow.spanOutputs');
    }
    if (kind === 'retriever') {
      const documents = documentsOf(outputs);
      if (documents) draft.set('retrieval', { query: isObject(inputs) ? (Object.values(inputs).map(textOf).find((text) => text !== null) ?? null) : textOf(inputs), topK: null, source: null, documents }, 'mlflow.spanOutputs');
    }
    draft.contentOf('input', 'mlflow.spanInputs');
    draft.contentOf('output', 'mlflow.spanOutputs');
    draft.tools(view.json('mlflow.chat.tools') ?? (isObject(inputs) ? inputs['tools'] : undefined), 'mlflow.chat.tools');
    draft.tokens(usageOf(view.json('mlflow.chat.tokenUsage')), 'mlflow.chat.tokenUsage');
    draft.set('session', textOf(view.json('mlflow.trace.session')), 'mlflow.trace.session');
    draft.set('user', textOf(view.json('mlflow.trace.user')), 'mlflow.trace.user');
    if (kind === 'agent') draft.set('agentName', view.span.name);
  },
};
