import { callModel } from '../core/eval/call.ts';
import { Budget } from '../core/eval/budget.ts';
import { modelRequest } from '../core/eval/request.ts';
import type { Case } from '../core/dataset/model.ts';
import { TouchstoneError } from '../core/errors.ts';
import type { Model } from '../core/model/model.ts';
import { createScorer } from '../node/scoring/index.ts';
import type { OnceRequest, OnceResult } from '../protocol/engine.ts';
import { readPrompts, resolveModels } from './prepare.ts';
import { callPorts, renderCase, type Limiters } from './run-ports.ts';
import type { Workspace } from './workspace.ts';

/** Asks one model once, with variables that a person gave, and streams the text. Nothing is stored. */
export async function runOnce(request: OnceRequest, workspace: Workspace, limiters: Limiters, onText: (text: string) => void, signal: AbortSignal): Promise<OnceResult> {
  workspace.requireTrust();
  const files = workspace.files(request.overlays);
  const config = await workspace.usableConfig(files);
  const catalog = workspace.catalog(config);
  const scorer = createScorer({ allowCode: workspace.settings.trusted });
  try {
    const [found] = await readPrompts({ targets: [request.path], ...(request.promptId === undefined ? {} : { prompts: [request.promptId] }) }, { workspace, files, config });
    if (found === undefined) throw new TouchstoneError('not-found', `There is no prompt ${request.promptId ?? ''} in ${request.path}.`);
    const { prompt } = found;
    const { models } = await resolveModels(request.model === undefined ? {} : { models: [request.model] }, prompt, catalog);
    const model = models[0] as Model;
    const item: Case = { id: 'once', vars: request.vars, tags: [], assertions: [], metadata: {}, options: {}, place: { file: prompt.path, range: prompt.ranges.name } };
    const rendered = await renderCase(prompt, item, { scorer, signal });
    const streaming: Model = { ...bound(model), generate: (asked, context) => model.generate(asked, { ...context, onText }) };
    const ports = callPorts({ limiters, catalog, config, concurrency: workspace.settings.concurrency });
    const called = await callModel(
      streaming,
      modelRequest(prompt, rendered, item, 0),
      ports,
      // What was streamed stands on the screen already: a second attempt would write after the first one's text.
      { budget: new Budget(null), largestOutput: 0, maxRetries: 0, timeoutMs: undefined, firstAttempt: 1, signal },
    );
    if ('error' in called) throw new TouchstoneError(called.error.code, called.error.message);
    if (!('reply' in called)) throw new TouchstoneError('cancelled', 'Cancelled.');
    const { reply, latencyMs, cost } = called;
    return {
      messages: rendered.messages,
      output: reply.text,
      model: model.ref.label ?? model.ref.id,
      latencyMs,
      usage: reply.usage,
      cost,
      finishReason: reply.finishReason,
    };
  } finally {
    await scorer.dispose();
    await catalog.dispose();
  }
}

/** A model's data without its prototype, so that one method can be replaced. */
function bound(model: Model): Omit<Model, 'generate'> {
  const { ref, endpoint, kind, priceName, identity, cacheable } = model;
  return { ref, endpoint, kind, ...(priceName === undefined ? {} : { priceName }), identity, cacheable };
}
