import { describe, expect, it } from 'vitest';
import { promptsCalled, promptsLabelled } from '../../../src/core/prompt/said-name.ts';

const prompts = [
  { id: 'support/triage', name: 'Support triage' },
  { id: 'sales/reply', name: 'triage' },
  { id: 'urgent/promptfooconfig#short', name: 'short · Is it urgent?', label: 'short' },
  { id: 'urgent/promptfooconfig#urgency.txt', name: 'urgency.txt · Is it urgent?', label: 'urgency.txt' },
  { id: 'other/promptfooconfig', name: 'short · Other', label: 'short' },
];

describe('a prompt that a person means', () => {
  it.each([
    ['support/triage', ['support/triage']],
    ['triage', ['support/triage']],
    ['Support triage', ['support/triage']],
    ['urgency.txt', ['urgent/promptfooconfig#urgency.txt']],
    ['urgency', ['urgent/promptfooconfig#urgency.txt']],
    ['short', ['urgent/promptfooconfig#short', 'other/promptfooconfig']],
    ['urgent', []],
  ])('%s', (said, ids) => expect(promptsCalled(said, prompts).map(({ id }) => id)).toEqual(ids));

  it('is one of its config’s by the label, also where it is the only one', () => {
    const labelled = (label: string, at: number): string[] => promptsLabelled(label, prompts.slice(at, at + 1)).map(({ id }) => id);
    expect([labelled('short', 2), labelled('short', 4), labelled('urgency', 3), labelled('other', 4)]).toEqual([['urgent/promptfooconfig#short'], ['other/promptfooconfig'], ['urgent/promptfooconfig#urgency.txt'], []]);
  });
});
