import { describe, expect, it } from 'vitest';
import { matchText } from '../../../src/core/match/match-text.ts';
import { flatten } from '../../../src/core/match/pattern.ts';
import { patternOf } from '../../../src/core/match/template-pattern.ts';
import { seededRandom } from '../../../src/core/stats/random.ts';

function match(template: string, text: string, syntax: 'placeholders' | 'nunjucks' = 'placeholders'): Record<string, string> | null {
  for (const pattern of flatten(patternOf(template, syntax))) {
    const found = matchText(pattern, text);
    if (found !== null) return Object.fromEntries([...found.values].map(([name, { value, unique }]) => [name, unique ? value : `? ${value}`]));
  }
  return null;
}

describe('values of a template', () => {
  it('stand between its literal texts', () => {
    expect(match('Hello {{ name }}, you are {{age}}.', 'Hello Ana, you are 7.')).toEqual({ name: 'Ana', age: '7' });
    expect(match('{{a}} and {{b}}', 'x and y')).toEqual({ a: 'x', b: 'y' });
    expect(match('Only text', 'Only text')).toEqual({});
    expect(match('Only text', 'Only text.')).toBeNull();
    expect(match('Hello {{name}}', 'Hallo Ana')).toBeNull();
    expect(match('ab{{x}}ba', 'aba')).toBeNull();
  });

  it('are said to be doubtful where the text could have come about in another way', () => {
    expect(match('{{a}} and {{b}}', 'x and y and z')).toEqual({ a: '? x', b: '? y and z' });
    expect(match('<{{a}}>\n{{b}}\n', '<1>\n2\n')).toEqual({ a: '1', b: '2' });
  });

  it('that stand twice are the same twice', () => {
    expect(match('{{a}}-{{b}}-{{a}}', 'x-y-z-x-y')).toEqual({ a: '? x-y', b: '? z' });
    expect(match('{{a}}-{{a}}', 'x-y')).toBeNull();
    expect(match('{{a}}|{{b}}|{{a}}', 'p|q|p')).toEqual({ a: 'p', b: 'q' });
  });

  it('cannot be told apart with nothing between them, unless there is nothing at all', () => {
    expect(match('Q: {{a}}{{b}}.', 'Q: xy.')).toEqual({});
    expect(match('Q: {{a}}{{b}}.', 'Q: .')).toEqual({ a: '', b: '' });
  });

  it('of conditions are those of the way that was taken', () => {
    const template = '{% if vip %}Dear {{ name }}{% elif known %}Hello {{ name }}{% else %}Hi{% endif %}, about {{ topic }}.';
    expect(match(template, 'Dear Ana, about x.', 'nunjucks')).toEqual({ name: 'Ana', topic: 'x' });
    expect(match(template, 'Hi, about x.', 'nunjucks')).toEqual({ topic: 'x' });
    expect(match(template, 'Bye, about x.', 'nunjucks')).toBeNull();
  });

  it('that a filter or a loop changed are not guessed', () => {
    expect(match('Say {{ word | upper }} to {{ who }}!', 'Say HI to Ana!', 'nunjucks')).toEqual({ who: 'Ana' });
    expect(match('{% for d in docs %}- {{ d }}\n{% endfor %}Question: {{ q }}', '- a\n- b\nQuestion: why', 'nunjucks')).toEqual({ q: 'why' });
  });

  it('are none of those that a template sets itself, nor of its environment', () => {
    expect(match('{% set tone = "kind" %}Be {{ tone }} to {{ who }}{{ env.SUFFIX }}.', 'Be kind to Ana.', 'nunjucks')).toEqual({});
    expect(match('{% set tone = "kind" %}Be {{ tone }} to {{ who }}, {{ env.SUFFIX }}.', 'Be kind to Ana, now.', 'nunjucks')).toEqual({ who: 'Ana' });
    expect(match('Hi {{ user.name }}{{ constructor }}', 'Hi Ana', 'nunjucks')).toEqual({});
    expect(Object.entries(match('Hi {{ user.name }} and {{ __proto__ }}', 'Hi Ana and Bo', 'nunjucks') ?? {})).toEqual([['user.name', 'Ana'], ['__proto__', 'Bo']]);
  });

  it('of templates with very many conditions are no reason to fail', () => {
    const deep = `${'{% if a %}x'.repeat(400)}${'{% endif %}'.repeat(400)} {{ q }}`;
    expect(match(`Question: ${deep}`, 'Question: xx why', 'nunjucks')).not.toBeNull();
    const chain = `{% if a0 %}0${Array.from({ length: 4000 }, (_, i) => `{% elif a${i + 1} %}${i + 1}`).join('')}{% endif %}`;
    expect(match(`Question: ${chain}`, 'Question: 12', 'nunjucks')).not.toBeNull();
  });

  it('are found again whatever they hold, in made-up templates', () => {
    const random = seededRandom(7);
    const word = (letters: string, most: number): string => Array.from({ length: Math.floor(random() * most) }, () => letters[Math.floor(random() * letters.length)] ?? '').join('');
    for (let round = 0; round < 3000; round++) {
      const count = 1 + Math.floor(random() * 4);
      const literals = Array.from({ length: count + 1 }, (_, i) => word('AB \n', 4) + (i > 0 && i < count ? '#' : ''));
      const names = Array.from({ length: count }, () => `v${Math.floor(random() * 3)}`);
      const values: Record<string, string> = { v0: word('AB#x', 5), v1: word('AB#x', 5), v2: word('xyz', 5) };
      const template = literals.map((literal, i) => literal + (i < count ? `{{${names[i]}}}` : '')).join('');
      const text = literals.map((literal, i) => literal + (i < count ? (values[names[i] ?? ''] ?? '') : '')).join('');
      const found = match(template, text);
      expect(found, `${template} ⇒ ${text}`).not.toBeNull();
      for (const [name, value] of Object.entries(found ?? {})) if (!value.startsWith('? ')) expect(value, `${name} of ${template} ⇒ ${text}`).toBe(values[name]);
    }
  });

  it('end the search for hostile texts', () => {
    const template = Array.from({ length: 12 }, () => '{{a}}x{{b}}x').join('');
    expect(match(template, 'x'.repeat(20_000))).toBeNull();
  });
});
