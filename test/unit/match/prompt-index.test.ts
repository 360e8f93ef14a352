import { describe, expect, it } from 'vitest';
import { PromptIndex } from '../../../src/core/match/prompt-index.ts';
import { corpusIsHere, renderedPrompts } from '../../fixtures/match/rendered-prompts.ts';

const TRIAGE = {
  syntax: 'placeholders',
  messages: [
    { role: 'system', text: 'You route the support tickets of a workspace for teams to exactly one queue: billing, technical, account or other.' },
    { role: 'user', text: 'Subject: {{subject}}\n\n{{body}}' },
  ],
} as const;
const call = (system: string, user: string): { role: string; text: string }[] => [{ role: 'system', text: system }, { role: 'user', text: user }];

describe('the prompt of a call', () => {
  it('is found with its values, in an agent’s history too, and by whatever name its instructions go', () => {
    const index = new PromptIndex();
    index.add('triage@v1', TRIAGE);
    const { matches, certain } = index.match([{ role: 'developer', text: TRIAGE.messages[0].text }, { role: 'user', text: 'Subject: Card declined\r\n\r\nPlease help.' }, { role: 'assistant', text: 'billing' }, { role: 'user', text: 'Thanks' }]);
    expect(certain).toBe(true);
    expect(matches[0]).toMatchObject({ keys: ['triage@v1'], exact: true, score: 1 });
    expect(matches[0]?.variables.get('subject')).toEqual({ value: 'Card declined', unique: true });
    expect(matches[0]?.variables.get('body')).toEqual({ value: 'Please help.', unique: true });
  });

  it('names all versions with the same texts', () => {
    const index = new PromptIndex();
    for (const key of ['triage@v1', 'triage@v2', 'copy@v1']) index.add(key, TRIAGE);
    expect(index.match(call(TRIAGE.messages[0].text, 'Subject: a\n\nb')).matches[0]?.keys).toEqual(['triage@v1', 'triage@v2', 'copy@v1']);
    index.remove('triage@v2');
    index.add('copy@v1', { syntax: 'placeholders', messages: [{ role: 'user', text: 'Something else altogether: {{x}}' }] });
    expect(index.match(call(TRIAGE.messages[0].text, 'Subject: a\n\nb')).matches.map(({ keys }) => keys)).toEqual([['triage@v1']]);
    expect(index.size).toBe(2);
  });

  it('is the one with more literal text; with hardly more, nobody knows', () => {
    const index = new PromptIndex();
    index.add('v1', { syntax: 'placeholders', messages: [{ role: 'user', text: 'Summarize this for a customer: {{text}}' }] });
    index.add('v2', { syntax: 'placeholders', messages: [{ role: 'user', text: 'Summarize this for a customer: {{text}}\n\nUse at most forty words.' }] });
    index.add('v3', { syntax: 'placeholders', messages: [{ role: 'user', text: 'Summarize this for a customer: {{text}}!' }] });
    const long = index.match([{ role: 'user', text: 'Summarize this for a customer: It broke.\n\nUse at most forty words.' }]);
    expect([long.certain, long.matches[0]?.keys, long.matches[0]?.variables.get('text')?.value]).toEqual([true, ['v2'], 'It broke.']);
    const doubtful = index.match([{ role: 'user', text: 'Summarize this for a customer: It broke!' }]);
    expect([doubtful.certain, doubtful.matches.map(({ keys }) => keys[0])]).toEqual([false, ['v3', 'v1']]);
  });

  it('is a guess where the app’s text was edited since, with the share that is still there', () => {
    const index = new PromptIndex();
    index.add('triage@v1', TRIAGE);
    const { matches, certain } = index.match(call(TRIAGE.messages[0].text.replace('exactly one queue', 'just one of the queues'), 'Subject: Card declined\n\nPlease help.'));
    expect(certain).toBe(false);
    expect(matches[0]).toMatchObject({ keys: ['triage@v1'], exact: false });
    expect(matches[0]?.score).toBeGreaterThan(0.6);
    expect(matches[0]?.variables.get('subject')).toEqual({ value: 'Card declined', unique: false });
  });

  it('is nobody’s where no template has anything of it', () => {
    const index = new PromptIndex();
    index.add('triage@v1', TRIAGE);
    index.add('anything', { syntax: 'placeholders', messages: [{ role: 'user', text: '{{question}}' }] });
    const { matches, certain } = index.match(call('You are a pirate.', 'Tell me a story about the sea.'));
    expect(certain).toBe(false);
    expect(matches.filter(({ score, literalLength }) => score > 0 && literalLength > 0)).toEqual([]);
    expect(index.match([]).matches).toEqual([]);
  });

  it('is not told by a text that fits every call', () => {
    const index = new PromptIndex();
    index.add('anything', { syntax: 'placeholders', messages: [{ role: 'user', text: 'Q: {{question}}' }] });
    index.add('empty', { syntax: 'placeholders', messages: [] });
    const { matches, certain } = index.match([{ role: 'user', text: 'Q: Why is the sky blue?' }]);
    expect(certain).toBe(false);
    expect(matches.map(({ keys, exact, score }) => [keys[0], exact, score])).toEqual([['anything', false, 1], ['empty', false, 0]]);
    expect(matches[0]?.variables.get('question')?.value).toBe('Why is the sky blue?');
  });

  it('has doubtful values where another way through its conditions gives the same text', () => {
    const index = new PromptIndex();
    index.add('p', { syntax: 'nunjucks', messages: [{ role: 'user', text: 'Answer the customer in one sentence. {% if vip %}VIP: {% endif %}{{ q }}' }] });
    const value = (text: string): unknown => index.match([{ role: 'user', text: `Answer the customer in one sentence. ${text}` }]).matches[0]?.variables.get('q');
    expect(value('VIP: hello')).toEqual({ value: 'hello', unique: false });
    expect(value('hello')).toEqual({ value: 'hello', unique: true });
  });

  it('is found among many versions that share a text of 27 KB', () => {
    const index = new PromptIndex();
    const shared = Array.from({ length: 2500 }, (_, i) => `rule ${(i * 7919) % 10007}.`).join(' ');
    for (let i = 0; i < 300; i++) index.add(`v${i}`, { syntax: 'placeholders', messages: [{ role: 'system', text: `${shared} Revision ${i}, of the policy.` }, { role: 'user', text: '{{q}}' }] });
    const { matches, certain } = index.match(call(`${shared} Revision 234, of the policy.`, 'x'.repeat(50_000)));
    expect([matches[0]?.keys, matches[0]?.exact, certain]).toEqual([['v234'], true, true]);
  });

  it(corpusIsHere ? 'is found for real prompts with all kinds of values' : 'is found for the examples with all kinds of values (the shared corpus is not here)', async () => {
    const { index, rendered } = await renderedPrompts();
    expect(rendered.length).toBeGreaterThan(corpusIsHere ? 600 : 100);
    let right = 0;
    let ambiguous = 0;
    const wrongAndCertain: string[] = [];
    const values = { stood: 0, unique: 0, right: 0 };
    for (const { key, kind, messages, variables } of rendered) {
      const { matches: [best], certain } = index.match(messages);
      const found = best?.exact === true && best.keys.includes(key) ? best : null;
      if (found !== null && certain) right++;
      else if (!certain) ambiguous++;
      if (certain && found === null) wrongAndCertain.push(`${kind}: ${key}`);
      for (const [name, value] of found === null ? [] : Object.entries(variables)) {
        const recovered = found?.variables.get(name);
        if (recovered === undefined) continue;
        values.stood++;
        if (recovered.unique) values.unique++;
        if (recovered.unique) expect(recovered.value, `${name} of ${key}, ${kind}`).toBe(String(value));
        if (recovered.value === String(value)) values.right++;
      }
    }
    expect(wrongAndCertain).toEqual([]);
    expect(right / (rendered.length - ambiguous)).toBeGreaterThanOrEqual(0.98);
    expect(ambiguous / rendered.length).toBeLessThan(0.02);
    expect(values.right / values.stood).toBeGreaterThanOrEqual(0.95);
    expect(values.unique / values.stood).toBeGreaterThanOrEqual(0.95);
  });
});
