import { describe, expect, it } from 'vitest';
import { TouchstoneError } from '../../../src/core/errors.ts';
import { searchWords } from '../../../src/extension/registry/search-words.ts';
import type { RegistryMethods, RegistrySearchHit } from '../../../src/protocol/registry.ts';

type Query = RegistryMethods['registry/search'][0];

const hit = (promptId: string, similarity: number): RegistrySearchHit => ({ promptId, name: promptId, path: null, version: null, models: [], owner: null, tags: [], passRate: null, excerpt: '', similarity });
const QUERY = { words: 'angry mail', tags: ['checked'] };

describe('a search as it is typed', () => {
  it('finds what has the words before what only means the same, each once, and nothing that is not alike', async () => {
    const asked: Query[] = [];
    const hits = await searchWords(QUERY, 10, async (query) => {
      asked.push(query);
      return { hits: query.similar === undefined ? [hit('named', 0.6)] : [hit('triage', 0.4), hit('named', 0.3), hit('math', 0.16)] };
    }, () => expect.unreachable());
    expect(hits.map(({ promptId }) => promptId)).toEqual(['named', 'triage']);
    // Neither asks for both: then nothing would be found without the very words.
    expect(asked.map(({ text, similar }) => [text, similar])).toEqual([[undefined, 'angry mail'], ['angry mail', undefined]]);
    expect(asked.every(({ tags }) => tags?.[0] === 'checked')).toBe(true);
  });

  it('finds the words where nothing may be embedded', async () => {
    const why: unknown[] = [];
    const refused = new TouchstoneError('untrusted-workspace', 'Not trusted.');
    const hits = await searchWords(QUERY, 10, async ({ similar }) => {
      if (similar !== undefined) throw refused;
      return { hits: [hit('named', 0.6)] };
    }, (error) => why.push(error));
    expect(hits).toHaveLength(1);
    expect(why).toEqual([refused]);
  });

  it('lists everything before a word is typed', async () => {
    const hits = await searchWords({ words: '', tags: [] }, 10, async (query) => ({ hits: query.similar === undefined && query.text === undefined ? [hit('all', 1)] : [] }), () => expect.unreachable());
    expect(hits).toHaveLength(1);
  });
});
