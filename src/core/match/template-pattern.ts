import nunjucks from 'nunjucks/browser/nunjucks.js';
import type { TemplateSyntax } from '../prompt/model.ts';
import { findNunjucksVariables } from '../prompt/nunjucks-variables.ts';
import { findPlaceholders } from '../prompt/placeholders.ts';
import type { Piece } from './pattern.ts';

/** Deeper than people write conditions into each other; what is nested further is a gap. */
const MOST_DEPTH = 50;

/** The pattern of one text of a prompt. A template that nunjucks cannot read is a gap: it cannot have rendered anything. */
export function patternOf(text: string, syntax: TemplateSyntax): Piece[] {
  const template = text.replace(/\r\n?/g, '\n');
  if (syntax === 'placeholders') return placeholderPieces(template);
  try {
    const given = new Set(findNunjucksVariables(template).map(({ name }) => name));
    return piecesOf(nunjucks.parser.parse(template, [], {}), given, 0);
  } catch {
    return [{ kind: 'gap' }];
  }
}

function placeholderPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { name, start, end: after } of findPlaceholders(text)) {
    pieces.push({ kind: 'literal', text: text.slice(end, start) }, { kind: 'variable', name });
    end = after;
  }
  return [...pieces, { kind: 'literal', text: text.slice(end) }];
}

type Node = nunjucks.ParsedNode;

/** `given`: names whose values come from outside. What a template sets itself (`{% set %}`), and its environment, is no value of a case. */
function piecesOf(node: Node, given: ReadonlySet<string>, depth: number): Piece[] {
  if (depth > MOST_DEPTH) return [{ kind: 'gap' }];
  const inner = (child: Node): Piece[] => piecesOf(child, given, depth + 1);
  switch (node.typename) {
    case 'Root':
    case 'NodeList':
    case 'Output':
      return (node.children ?? []).flatMap(inner);
    case 'TemplateData':
    case 'Literal':
      return [{ kind: 'literal', text: literalText(node.value) }];
    case 'Symbol':
    case 'LookupVal': {
      const name = nameOf(node);
      return [name === null || !given.has(name.split('.', 1)[0] ?? '') ? { kind: 'gap' } : { kind: 'variable', name }];
    }
    case 'If':
    case 'InlineIf':
      return [{ kind: 'choice', options: [node.body ? inner(node.body) : [], node.else_ ? inner(node.else_) : []] }];
    // They print nothing where they stand.
    case 'Set':
    case 'Macro':
      return [];
    default:
      return [{ kind: 'gap' }];
  }
}

function literalText(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** `a`, `a.b`, `a["b"]`; `null`: the name is computed. */
function nameOf(node: Node): string | null {
  if (node.typename === 'Symbol') return typeof node.value === 'string' ? node.value : null;
  if (node.typename !== 'LookupVal' || !node.target || node.val?.typename !== 'Literal') return null;
  const target = nameOf(node.target);
  return target === null ? null : `${target}.${literalText(node.val.value)}`;
}
