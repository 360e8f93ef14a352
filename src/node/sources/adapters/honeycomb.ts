import { unreadable } from '../../../core/links/explain.ts';
import type { SourceClient } from '../client.ts';
import { SourceError } from '../errors.ts';
import type { FetchedTrace, SourceContext, TraceSource } from '../source.ts';
import { textAt } from './shared.ts';

/** Honeycomb gives aggregates, not spans: it can say whether the key is good, and why nothing can be fetched. */
export class HoneycombSource implements TraceSource {
  readonly entry;
  readonly #client: SourceClient;

  constructor(context: SourceContext) {
    this.entry = context.entry;
    this.#client = context.client();
  }

  dispose(): void {
    this.#client.dispose();
  }

  async test(signal: AbortSignal): Promise<string> {
    const answer = await this.#client.get({ path: '/1/auth', signal }, (found) => found.json());
    return `Honeycomb answered: team ${textAt(answer, 'team', 'name') ?? textAt(answer, 'team', 'slug') ?? 'unknown'}. ${unreadable('honeycomb') ?? ''}`;
  }

  fetchTrace(): Promise<FetchedTrace> {
    return Promise.reject(new SourceError('source-request', unreadable('honeycomb') ?? ''));
  }
}
