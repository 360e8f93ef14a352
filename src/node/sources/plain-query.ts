import type { Query } from '../../core/trace/query/model.ts';
import { printQuery } from '../../core/trace/query/print.ts';
import { momentMs } from '../../core/trace/query/values.ts';

/** What most backends can be asked for: one value each, all of which must hold. */
export interface PlainQuery {
  /** Milliseconds since 1970; `null`: no bound. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly session: string | null;
  readonly user: string | null;
  readonly name: string | null;
  readonly service: string | null;
  readonly environment: string | null;
  readonly tag: string | null;
  readonly isFailed: boolean;
}

export type PlainField = 'session' | 'user' | 'name' | 'service' | 'environment' | 'tag' | 'status';

/** The part of a query that a backend can be asked for; the rest is told, never dropped without a word. */
export function plainQuery(query: Query, now: number, takes: readonly PlainField[]): { readonly plain: PlainQuery; readonly notes: readonly string[] } {
  const plain: { -readonly [K in keyof PlainQuery]: PlainQuery[K] } = { fromMs: null, toMs: null, session: null, user: null, name: null, service: null, environment: null, tag: null, isFailed: false };
  const left: Query[] = [];
  for (const term of query.type === 'every' ? [] : query.type === 'and' ? query.terms : [query]) if (!take(term)) left.push(term);
  return { plain, notes: left.length === 0 ? [] : [`This source cannot be asked for ${left.map((term) => `“${printQuery(term)}”`).join(', ')}: the list has traces to which it does not apply.`] };

  function take(term: Query): boolean {
    if (term.type === 'time') {
      const ms = momentMs(term.moment, now);
      if (term.field === 'after') plain.fromMs = Math.max(plain.fromMs ?? 0, ms);
      else plain.toMs = Math.min(plain.toMs ?? Infinity, ms);
      return true;
    }
    if (term.type !== 'match' || term.patterns.length !== 1 || term.patterns[0]!.length !== 1 || !takes.some((field) => field === term.field)) return false;
    const value = term.patterns[0]![0]!;
    if (term.field === 'status') {
      plain.isFailed = value === 'error';
      return plain.isFailed;
    }
    const field = term.field as Exclude<PlainField, 'status'>;
    if (plain[field] !== null) return false;
    plain[field] = value;
    return true;
  }
}
