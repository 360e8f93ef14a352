import { describe, expect, it } from 'vitest';
import type { AssertionSpec } from '../../../src/core/assert/model.ts';
import { fillSpec, needsEngine, renderSpec } from '../../../src/core/assert/values.ts';

const contains = (value: unknown): AssertionSpec => ({ type: 'contains', value });

describe('templates in values', () => {
  it('are filled once: what a variable holds stays as it is', () => {
    const variables = { a: '{{b}} {% raw %}', b: 'secret', $x: '$&' };
    expect(fillSpec(contains('<{{ a }}>'), variables).value).toBe('<{{b}} {% raw %}>');
    expect(fillSpec(contains('<{{$x}}>'), variables).value).toBe('<$&>');
  });

  it('are filled in lists and mappings, and in the metric', () => {
    const spec = { ...contains(['{{a}}', { k: 'x{{a}}' }]), metric: 'm-{{a}}' };
    expect(fillSpec(spec, { a: 1 })).toMatchObject({ value: ['1', { k: 'x1' }], metric: 'm-1' });
  });

  it('become the list or mapping that they name alone', () => {
    expect(fillSpec(contains(' {{list}} '), { list: ['a', 'b'] }).value).toEqual(['a', 'b']);
    expect(fillSpec(contains('{{no}}'), {}).value).toBe('');
    expect(fillSpec(contains('{{constructor}}'), {}).value).toBe('');
  });

  it.each<[string, boolean]>([
    ['plain', false],
    ['{{a}} and {{ b }}', false],
    ['{{a.b}}', true],
    ['{{a | upper}}', true],
    ['{% if a %}x{% endif %}', true],
    ['{{ env }}', true],
    ['{# note #}', true],
  ])('%s needs the engine: %s', (text, needs) => {
    expect(needsEngine([text])).toBe(needs);
  });

  it('have the whole template language in the worker, data still inert', async () => {
    expect((await renderSpec(contains('{{ a.b | upper }}{% if c %}!{% endif %}'), { a: { b: 'x' }, c: 1 })).value).toBe('X!');
    expect((await renderSpec(contains('{{ a | lower }}'), { a: '{{B}}', B: 'no' })).value).toBe('{{b}}');
  });

  it("follow GitHub's rules in GitHub's evaluators: unknown names stay", () => {
    const spec: AssertionSpec = { type: 'github:string', value: { contains: '{{expected}} {{other}}' } };
    expect(fillSpec(spec, { expected: '{{other}}' }).value).toEqual({ contains: '{{other}} {{other}}' });
  });
});
