import type { Case } from '../dataset/model.ts';
import type { Diagnostic } from '../text/diagnostic.ts';
import type { SourceRange } from '../text/position.ts';
import { isScalar, type YamlSource } from '../text/yaml.ts';
import type { PromptDocument, TemplateSyntax, VariableUse } from './model.ts';
import { findNunjucksVariables } from './nunjucks-variables.ts';
import { findPlaceholders, type Placeholder } from './placeholders.ts';

/** Gathers where each variable is used, in the order of first use. */
export class VariableUses {
  readonly #uses = new Map<string, SourceRange[]>();

  /** Variables of a text that is a scalar of the file. */
  addScalar(yaml: YamlSource, node: unknown, syntax: TemplateSyntax): void {
    if (!isScalar(node) || typeof node.value !== 'string') return;
    const found = findVariables(node.value, syntax);
    const ranges = yaml.rangesIn(node, found.map(({ start, end }) => [start, end]));
    found.forEach(({ name }, index) => this.#add(name, ranges[index]));
  }

  /** Variables of a text that stands in another file, or that cannot be placed: all at one range. */
  addText(text: string, syntax: TemplateSyntax, range: SourceRange): void {
    for (const { name } of findVariables(text, syntax)) this.#add(name, range);
  }

  list(): VariableUse[] {
    return [...this.#uses].map(([name, ranges]) => ({ name, ranges }));
  }

  #add(name: string, range: SourceRange | undefined): void {
    const ranges = this.#uses.get(name) ?? [];
    if (range && !ranges.includes(range)) ranges.push(range);
    this.#uses.set(name, ranges);
  }
}

function findVariables(text: string, syntax: TemplateSyntax): Placeholder[] {
  return syntax === 'placeholders' ? findPlaceholders(text) : findNunjucksVariables(text);
}

/**
 * Variables that the prompt uses and none of the cases has (an error of spelling, most likely), at every use. Without
 * cases nothing can be said. In nunjucks a variable may be missing on purpose: that is no more than a remark.
 */
export function checkVariables(document: PromptDocument, cases: readonly Case[]): Diagnostic[] {
  if (cases.length === 0 || cases.some((item) => item.options.transformVars !== undefined)) return [];
  const known = new Set<string>();
  for (const item of cases) {
    for (const name of Object.keys(item.vars)) known.add(name);
    if (item.expected !== undefined) known.add('expected');
  }
  const severity = document.syntax === 'nunjucks' ? 'information' : 'warning';
  return document.variables
    .filter(({ name }) => !known.has(name) && !known.has(name.split('.')[0] ?? name))
    .flatMap(({ name, ranges }) =>
      ranges.map((range): Diagnostic => ({ severity, code: 'unknown-variable', message: `no case has the variable "${name}"`, range })),
    );
}
