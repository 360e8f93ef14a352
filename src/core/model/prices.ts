import type { Model, ModelPrice, TokenUsage } from './model.ts';
import { findPriceRow } from './price-table.ts';

export const FREE: ModelPrice = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, date: '', source: 'free' };

/** Of touchstone.yml: by model id or by the table's name. */
export type PriceOverrides = Readonly<Record<string, ModelPrice>>;

/**
 * What a model costs: touchstone.yml first, then the dated table. `null`: unknown, which is not 0.
 * Models on this machine and recordings are free; a user's program (`exec:`, `file:`) may call anything, so it is unknown.
 */
export function priceOf(model: Pick<Model, 'ref' | 'kind' | 'priceName'>, overrides: PriceOverrides): ModelPrice | null {
  for (const name of [model.ref.id, model.priceName, model.priceName?.slice(model.priceName.indexOf('/') + 1)]) {
    if (name !== undefined && Object.hasOwn(overrides, name)) return overrides[name]!;
  }
  if (model.kind === 'local' || model.kind === 'replay') return FREE;
  const row = model.priceName === undefined ? null : findPriceRow(model.priceName);
  return row === null ? null : { input: row.input, output: row.output, date: row.date, source: 'table', ...(row.cachedInput === undefined ? {} : { cachedInput: row.cachedInput }), ...(row.cacheWrite === undefined ? {} : { cacheWrite: row.cacheWrite }) };
}

/**
 * US dollars of one answer, or `null` when the price or the number of tokens is unknown. Input that the endpoint read from its
 * cache costs the cached price where there is one, else the full price. Output includes reasoning, which costs the same.
 */
export function costOf(usage: TokenUsage | null, price: ModelPrice | null): number | null {
  if (price === null) return null;
  if (price.input === 0 && price.output === 0) return 0;
  if (usage === null || usage.input === null) return null;
  if (usage.output === null && price.output !== 0) return null;
  const cached = Math.min(usage.cachedInput ?? 0, usage.input);
  return ((usage.input - cached) * price.input + cached * (price.cachedInput ?? price.input) + (usage.output ?? 0) * price.output) / 1_000_000;
}
