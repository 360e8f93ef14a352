import { ModelError, type CallContext, type Model, type ModelReply, type ModelRequest } from '../../core/model/model.ts';

/** The same model with a limit on one whole attempt (`timeoutMs` of touchstone.yml). */
export function withTimeLimit(model: Model, timeoutMs: number): Model {
  return {
    ref: model.ref,
    endpoint: model.endpoint,
    kind: model.kind,
    ...(model.priceName === undefined ? {} : { priceName: model.priceName }),
    identity: model.identity,
    cacheable: model.cacheable,
    ready: async () => model.ready?.(),
    async generate(request: ModelRequest, context: CallContext): Promise<ModelReply> {
      const limit = new AbortController();
      const forward = (): void => limit.abort(context.signal.reason);
      context.signal.addEventListener('abort', forward, { once: true });
      if (context.signal.aborted) forward();
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        limit.abort();
      }, timeoutMs);
      try {
        return await model.generate(request, { ...context, signal: limit.signal });
      } catch (error) {
        if (late && !context.signal.aborted) throw new ModelError('timeout', `${model.ref.label ?? model.ref.id} did not answer within ${timeoutMs / 1000} s.`, { transient: true });
        throw error;
      } finally {
        clearTimeout(timer);
        context.signal.removeEventListener('abort', forward);
      }
    },
  };
}
