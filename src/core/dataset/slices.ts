import type { Case } from './model.ts';

/**
 * The slices that a case belongs to: its tags, then `field=value` for every field asked for. A field is a key of the
 * case's metadata, else of its variables; a list puts the case into one slice per item.
 */
export function slicesOf(item: Case, fields: readonly string[] = []): string[] {
  const slices = new Set(item.tags);
  for (const field of fields) {
    const value = Object.hasOwn(item.metadata, field) ? item.metadata[field] : Object.hasOwn(item.vars, field) ? item.vars[field] : undefined;
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) slices.add(`${field}=${typeof one === 'string' ? one : JSON.stringify(one)}`);
  }
  return [...slices];
}
