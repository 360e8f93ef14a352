import type { BackendSource } from '../../../core/config/model.ts';
import { readTraceId } from '../../../core/trace/ids.ts';
import type { SourceClient } from '../client.ts';
import type { SourceContext, TraceRef } from '../source.ts';
import { notFound, wantedId } from './shared.ts';

/** What the adapters of backends behind HTTP have in common. */
export abstract class BackendAdapter {
  readonly entry: BackendSource;
  protected readonly client: SourceClient;

  /** `may`: to which paths it posts queries, and to which scores. */
  constructor(context: SourceContext, may: Parameters<SourceContext['client']>[0] = {}) {
    this.entry = context.entry;
    this.client = context.client(may);
  }

  dispose(): void {
    this.client.dispose();
  }

  /** @throws SourceError */
  protected json(path: string, params: Parameters<SourceClient['get']>[0]['params'], signal: AbortSignal): Promise<unknown> {
    return this.client.get({ path, ...(params === undefined ? {} : { params }), signal }, (answer) => answer.json());
  }

  /** The id as the link writes it, and as 32 hex digits. @throws SourceError where it is none; `advice`: what ids look like here */
  protected hexTrace(ref: TraceRef, advice = 'it is no trace id'): { readonly id: string; readonly traceId: string } {
    const { subject } = this.client;
    const id = wantedId(ref, subject);
    const traceId = readTraceId(id);
    if (typeof traceId !== 'string') throw notFound(subject, id, advice);
    return { id, traceId };
  }
}
