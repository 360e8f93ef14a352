import { appOf } from '../../../src/core/config/backends.ts';
import type { BackendSource, SourceType } from '../../../src/core/config/model.ts';

const NOWHERE = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** A source as touchstone.yml would give it. */
export function backend(type: SourceType, members: Partial<BackendSource> = {}): BackendSource {
  const url = members.url ?? `https://${type}.example.com`;
  return { name: type, type, url, app: type === 'sqlite' ? '' : appOf(type, url), annotate: false, range: NOWHERE, ...members };
}
