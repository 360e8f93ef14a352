import { describe, expect, it } from 'vitest';
import { findNunjucksVariables } from '../../../src/core/prompt/nunjucks-variables.ts';

describe('findNunjucksVariables', () => {
  it.each([
    ['{{ a }} {{b}}', ['{{ a }}', '{{b}}']],
    ['{{- a -}}', ['{{- a -}}']],
    ['{{ a.b["c"] | default(d) }}', ['a', 'd']],
    ['{% if a and not b == "x" %}{{ c }}{% elif d in e %}{% endif %}', ['a', 'b', '{{ c }}', 'd', 'e']],
    ['{% for k, v in map %}{{ k }}{{ v }}{{ loop.index }}{% endfor %}', ['map']],
    ['{% set x = y + 1 %}{{ x }}', ['y']],
    ['{% macro m(p, q=r) %}{{ p }}{% endmacro %}{{ m(z) }}', ['z']],
    ['{% raw %}{{ a }}{% endraw %}{# {{ b }} #}{{ c }}', ['{{ c }}']],
    ['{{ "a" ~ \'b\' ~ 3 }}{{ true }}{{ env.X }}', []],
    ['{{ a is defined }} {{ b if c else d }}', ['a', 'b', 'c', 'd']],
    ['{{ {k: v} }} {{ f(n=w) }}', ['v', 'f', 'w']],
    ['no braces { a } {{', []],
    ['{% raw %}{{ a }} without an end', ['{{ a }}']],
    ['{%- verbatim -%}{{ a }}{%- endverbatim -%}{{-}}{{ b }}', ['{{ b }}']],
    ['{{ "a text that is not closed {{ a }} and {{ b }}', ['{{ b }}']],
    ['{% for\n  x\n  in list %}{{ x }}{% endfor %}', ['list']],
  ])('finds what %j reads', (text, expected) => {
    expect(findNunjucksVariables(text).map(({ start, end }) => text.slice(start, end))).toEqual(expected);
  });

  // Each of these takes minutes where looking for an end that is not there begins anew at every opening.
  it.each(['{{', '{#', '{%', '{% raw %}', '{{ "\\"\\"', '{% for ', '{%for                                '])('reads a file that holds nothing but %j', (text) => {
    expect(findNunjucksVariables(`${text.repeat(100_000)} }} %}`).length).toBeLessThan(3);
  });
});
