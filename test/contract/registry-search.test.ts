import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RegistryMethods, RegistrySearchHit } from '../../src/protocol/registry.ts';
import { engineSettings, testEngine, type TestEngine } from '../fixtures/eval/engine-fixture.ts';

const open: TestEngine[] = [];
afterEach(async () => {
  for (const item of open.splice(0)) await item.close();
});

const prompt = (name: string, text: string, model: string, more = ''): string => `name: ${name}\nmodel: ${model}\nmessages:\n  - { role: user, content: ${JSON.stringify(text)} }\n${more}`;
const CHECKED = 'testData: [{ x: 1, expected: Sort }]\nassert: [{ type: contains, value: "{{expected}}" }]\n';

type Query = Partial<RegistryMethods['registry/search'][0]>;

interface SearchedWorkspace extends Omit<TestEngine, 'eval'> {
  readonly run: TestEngine['eval'];
  readonly search: (query: Query) => Promise<readonly RegistrySearchHit[]>;
  readonly names: (query: Query) => Promise<string[]>;
}

async function workspace(): Promise<SearchedWorkspace> {
  const made = await testEngine({
    'prompts/triage.prompt.yml': prompt('Ticket triage', 'Sort the ticket of a customer by its topic {{x}}', 'echo', CHECKED),
    'prompts/summary.prompt.yml': prompt('Summary', 'Write a short summary of the article {{x}}', 'echo', CHECKED),
    'teams/money/refund.prompt.yml': prompt('Refund', 'Decide whether the customer gets the money back', 'local:labels', 'metadata: { tags: [finance] }\n'),
    'broken.prompt.yml': 'messages: [',
    '.github/CODEOWNERS': '* @everyone\n/prompts/ @prompt-team # all\nteams/money @money ana@example.org\n',
  });
  open.push(made);
  const { engine, folder } = made;
  await engine.request('versions/save', { path: join(folder, 'prompts/triage.prompt.yml'), message: 'For the help desk', tags: ['reviewed'], useCase: 'first answer' });
  const search = async (query: Query): Promise<readonly RegistrySearchHit[]> => (await engine.request('registry/search', { limit: 20, ...query })).hits;
  return { ...made, run: (request) => made.eval(request), search, names: async (query) => (await search(query)).map(({ name, version }) => `${name}${version === null ? '' : ` v${version.number}`}`) };
}

describe('a search of the registry', () => {
  it('finds words in names, messages, what a version was saved with, and tags, the best first', async () => {
    const { names, search } = await workspace();
    expect(await names({ text: 'customer' })).toEqual(['Ticket triage v1', 'Refund']);
    expect(await names({ text: 'TICKET topic' })).toEqual(['Ticket triage v1']);
    expect(await names({ text: 'refund' })).toEqual(['Refund']);
    expect(await names({ text: 'help desk' })).toEqual(['Ticket triage v1']);
    expect(await names({ text: 'customer nowhere' })).toEqual([]);
    expect((await names({})).sort()).toEqual(['Refund', 'Summary', 'Ticket triage v1']);
    expect(await names({ limit: 1, text: 'customer' })).toHaveLength(1);
    const [hit] = await search({ text: 'topic' });
    expect(hit).toMatchObject({ promptId: 'prompts/triage', excerpt: expect.stringContaining('by its topic') as unknown, models: ['echo'], owner: '@prompt-team', tags: ['reviewed'], passRate: null });
  });

  it('filters by tag, model, owner and pass rate', async () => {
    const { folder, names, run } = await workspace();
    expect(await names({ tags: ['reviewed'] })).toEqual(['Ticket triage v1']);
    expect(await names({ tags: ['finance'] })).toEqual(['Refund']);
    expect(await names({ tags: ['finance', 'reviewed'] })).toEqual([]);
    expect(await names({ model: 'labels' })).toEqual(['Refund']);
    expect(await names({ owner: '@money' })).toEqual(['Refund']);
    expect(await names({ owner: 'ana@example.org' })).toEqual(['Refund']);
    expect((await names({ owner: '@PROMPT-team' })).sort()).toEqual(['Summary', 'Ticket triage v1']);
    expect(await names({ minPassRate: 0.5 })).toEqual([]);
    for (const name of ['triage', 'summary']) await run({ targets: [join(folder, `prompts/${name}.prompt.yml`)] });
    expect(await names({ minPassRate: 0.5 })).toEqual(['Ticket triage v1']);
    expect((await names({ minPassRate: 0 })).sort()).toEqual(['Summary', 'Ticket triage v1']);
  });

  it('shows an edited prompt as it is now, and its versions only where they fit differently', async () => {
    const { folder, names } = await workspace();
    writeFileSync(join(folder, 'prompts/triage.prompt.yml'), prompt('Ticket triage', 'Sort by urgency {{x}}', 'echo'));
    expect(await names({ text: 'sort' })).toEqual(['Ticket triage']);
    expect(await names({ text: 'topic' })).toEqual(['Ticket triage v1']);
    expect(await names({ tags: ['reviewed'] })).toEqual(['Ticket triage v1']);
  });

  it('finds by meaning, with the model that is embedded, and only in a workspace that is trusted', async () => {
    const { engine, folder, search } = await workspace();
    const hits = await search({ similar: 'Condense a long news story into a few sentences' });
    expect(hits[0]?.name).toBe('Summary');
    expect(hits.map(({ similarity }) => similarity)).toEqual([...hits.map(({ similarity }) => similarity)].sort((a, b) => b - a));
    expect((await search({ similar: 'payments', text: 'customer', limit: 5 })).map(({ name }) => name)).toEqual(['Refund', 'Ticket triage']);
    await engine.request('engine/configure', engineSettings(folder, { trusted: false }));
    await expect(engine.request('registry/search', { similar: 'x', limit: 5 })).rejects.toMatchObject({ code: 'untrusted-workspace' });
    expect((await engine.request('registry/search', { text: 'refund', limit: 5 })).hits).toHaveLength(1);
  });

  it('leaves out what the registry cannot vouch for', async () => {
    const { folder, names } = await workspace();
    mkdirSync(dirname(join(folder, '.touchstone/registry/x/versions/a')), { recursive: true });
    writeFileSync(join(folder, '.touchstone/registry/x/versions/0000000000000000-00000000.json'), '{ "content": { "messages": [{ "role": "user", "content": "planted words" }] } }');
    expect(await names({ text: 'planted' })).toEqual([]);
  });
});
