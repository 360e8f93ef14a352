import { isObject } from '../json.ts';
import type { ModelPrice } from '../model/model.ts';
import { describe } from '../text/describe.ts';
import type { Findings } from '../text/findings.ts';
import type { Locate } from '../text/locate.ts';

/** US dollars per million tokens. */
export function readPrice(value: unknown, locate: Locate, findings: Findings): ModelPrice | null {
  if (!isObject(value)) {
    findings.error('price', 'a price is { input, output } in US dollars per million tokens, with cachedInput and cacheWrite where they differ', locate());
    return null;
  }
  const known = ['input', 'output', 'cachedInput', 'cacheWrite', 'date'];
  for (const key of Object.keys(value)) if (!known.includes(key)) findings.warning('unknown-key', `unknown key "${key}" of a price is ignored`, locate(key));
  const numbers: { input?: number; output?: number; cachedInput?: number; cacheWrite?: number } = {};
  for (const key of ['input', 'output', 'cachedInput', 'cacheWrite'] as const) {
    const number = value[key];
    if (number === undefined || number === null) continue;
    if (typeof number === 'number' && Number.isFinite(number) && number >= 0) numbers[key] = number;
    else findings.error('price', `"${key}" is US dollars per million tokens, not ${describe(number)}`, locate(key));
  }
  const { input, output } = numbers;
  if (input === undefined || output === undefined) {
    findings.error('price', 'a price needs input and output', locate());
    return null;
  }
  return { ...numbers, input, output, date: typeof value['date'] === 'string' ? value['date'] : '', source: 'touchstone.yml' };
}
