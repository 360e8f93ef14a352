import { ALIKE } from '../../core/registry/search.ts';
import type { RegistryMethods, RegistrySearchHit } from '../../protocol/registry.ts';
import type { SearchQuery } from './search-query.ts';

type Query = RegistryMethods['registry/search'][0];

/**
 * What has the words, best first, then what only means the same, most alike first. Where meaning cannot be asked for (nobody has trusted
 * the workspace, or its model fails) the words find on their own, and `onlyWords` is told why.
 */
export async function searchWords(
  { words, ...filters }: SearchQuery,
  limit: number,
  ask: (query: Query) => Promise<{ readonly hits: readonly RegistrySearchHit[] }>,
  onlyWords: (error: unknown) => void,
): Promise<readonly RegistrySearchHit[]> {
  if (words === '') return (await ask({ ...filters, limit })).hits;
  const meaning = ask({ ...filters, similar: words, limit }).then(({ hits }) => hits, (error: unknown) => {
    onlyWords(error);
    return [];
  });
  const { hits } = await ask({ ...filters, text: words, limit });
  const found = new Set(hits.map(keyOf));
  const alike = (await meaning).filter((hit) => hit.similarity >= ALIKE && !found.has(keyOf(hit)));
  return [...hits, ...alike].slice(0, limit);
}

function keyOf({ promptId, version }: RegistrySearchHit): string {
  return JSON.stringify([promptId, version?.hash ?? null]);
}
