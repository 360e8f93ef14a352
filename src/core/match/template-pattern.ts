import nunjucks from 'nunjucks/browser/nunjucks.js';
import type { TemplateSyntax } from '../prompt/model.ts';
import { findPlaceholders } from '../prompt/placeholders.ts';
import type { Piece } from './pattern.ts';

/** The pattern of one text of a prompt. A template that nunjucks cannot read is a gap: it cannot have rendered anything. */
export function patternOf(text: string, syntax: TemplateSyntax): Piece[] {
  const template = text.replace(/\r\n?/g, '\n');
  if (syntax === 'placeholders') return placeholderPieces(template);
  try {
    return piecesOf(nunjucks.parser.parse(template, [], {}));
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

function piecesOf(node: Node): Piece[] {
  switch (node.typename) {
    case 'Root':
    case 'NodeList':
    case 'Output':
      return (node.children ?? []).flatMap(piecesOf);
    case 'TemplateData':
    case 'Literal':
      return [{ kind: 'literal', text: literalText(node.value) }];
    case 'Symbol':
    case 'LookupVal': {
      const name = nameOf(node);
      return [name === null ? { kind: 'gap' } : { kind: 'variable', name }];
    }
    case 'If':
    case 'InlineIf':
      return [{ kind: 'choice', options: [node.body ? piecesOf(node.body) : [], node.else_ ? piecesOf(node.else_) : []] }];
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
