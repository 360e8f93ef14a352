import { unreadable } from '../../../core/links/explain.ts';
import { SourceError } from '../errors.ts';
import type { FetchedTrace, TraceSource } from '../source.ts';
import { BackendAdapter } from './adapter.ts';
import { textAt } from './shared.ts';

/** Honeycomb gives aggregates, not spans: it can say whether the key is good, and why nothing can be fetched. */
export class HoneycombSource extends BackendAdapter implements TraceSource {
  async test(signal: AbortSignal): Promise<string> {
    const answer = await this.json('/1/auth', {}, signal);
    return `Honeycomb answered: team ${textAt(answer, 'team', 'name') ?? textAt(answer, 'team', 'slug') ?? 'unknown'}. ${unreadable('honeycomb') ?? ''}`;
  }

  fetchTrace(): Promise<FetchedTrace> {
    return Promise.reject(new SourceError('source-request', unreadable('honeycomb') ?? ''));
  }
}
