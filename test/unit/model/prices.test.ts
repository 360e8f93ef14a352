import { describe, expect, it } from 'vitest';
import type { Model, ModelPrice } from '../../../src/core/model/model.ts';
import { findPriceRow, pricedModels } from '../../../src/core/model/price-table.ts';
import { costOf, FREE, priceOf } from '../../../src/core/model/prices.ts';

const price: ModelPrice = { input: 2, cachedInput: 0.5, output: 8, date: '2025-10-15', source: 'table' };
const model = (id: string, kind: Model['kind'], priceName?: string): Pick<Model, 'ref' | 'kind' | 'priceName'> => ({ ref: { id }, kind, ...(priceName === undefined ? {} : { priceName }) });

describe('cost', () => {
  it('charges cached input at its own price and reasoning as output', () => {
    // 600 × 2 + 400 × 0.5 + 300 × 8, per million
    expect(costOf({ input: 1_000, cachedInput: 400, output: 300, reasoning: 200 }, price)).toBeCloseTo(0.0038, 12);
  });

  it('charges cached input in full where no price for it is known', () => {
    expect(costOf({ input: 1_000, cachedInput: 400, output: 0, reasoning: null }, { ...price, cachedInput: undefined })).toBeCloseTo(0.002, 12);
  });

  it('is unknown when anything it needs is', () => {
    expect(costOf(null, price)).toBeNull();
    expect(costOf({ input: null, cachedInput: null, output: 3, reasoning: null }, price)).toBeNull();
    expect(costOf({ input: 3, cachedInput: null, output: null, reasoning: null }, price)).toBeNull();
    expect(costOf({ input: 3, cachedInput: null, output: 3, reasoning: null }, null)).toBeNull();
  });

  it('is nothing for what is free, also when its tokens are unknown', () => {
    expect(costOf(null, FREE)).toBe(0);
  });
});

describe('prices', () => {
  it('are unknown for an unknown model, never 0', () => {
    expect(priceOf(model('openai:gpt-99', 'remote', 'openai/gpt-99'), {})).toBeNull();
    expect(priceOf(model('mine', 'remote'), {})).toBeNull();
    expect(priceOf(model('exec:x', 'code'), {})).toBeNull();
    expect(priceOf(model('vscode:x', 'editor'), {})).toBeNull();
  });

  it('are free for local models and recordings', () => {
    expect(priceOf(model('local:labels', 'local'), {})?.source).toBe('free');
    expect(priceOf(model('replay:x', 'replay'), {})?.output).toBe(0);
  });

  it('come from touchstone.yml first, by id or by name', () => {
    const own: ModelPrice = { input: 1, output: 1, date: '2026-01-01', source: 'touchstone.yml' };
    const asked = model('openai:chat:gpt-4o', 'remote', 'openai/gpt-4o');
    expect(priceOf(asked, { 'openai:chat:gpt-4o': own })).toBe(own);
    expect(priceOf(asked, { 'gpt-4o': own })).toBe(own);
    expect(priceOf(asked, {})).toMatchObject({ input: 2.5, cachedInput: 1.25, output: 10, source: 'table' });
    expect(priceOf(model('exec:agent', 'code'), { 'exec:agent': own })).toBe(own);
  });

  it('hold for a snapshot unless it has its own', () => {
    expect(findPriceRow('openai/gpt-4.1-2025-04-14')).toEqual(findPriceRow('openai/gpt-4.1'));
    expect(findPriceRow('anthropic/claude-sonnet-4-5-20250929')?.output).toBe(15);
    expect(findPriceRow('openai/gpt-4o-2024-05-13')?.input).toBe(5);
    expect(findPriceRow('openai/gpt-4')?.input).not.toBe(findPriceRow('openai/gpt-4-turbo')?.input);
    expect(findPriceRow('openai/gpt-4-2099')).toBeNull();
  });

  it('are all dated and in order', () => {
    for (const name of pricedModels()) {
      const row = findPriceRow(name)!;
      expect(row.date, name).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(row.input, name).toBeGreaterThan(0);
      if (row.cachedInput !== undefined) expect(row.cachedInput, name).toBeLessThan(row.input);
      if (row.cacheWrite !== undefined) expect(row.cacheWrite, name).toBeGreaterThan(row.input);
    }
  });
});
