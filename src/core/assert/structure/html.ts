import type { DefaultTreeAdapterTypes } from 'parse5';
import { binary, type Evaluate } from '../outcome.ts';

type Node = DefaultTreeAdapterTypes.ChildNode;

/** Element names of the HTML standard that the parser's own list, which is about parsing rules, leaves out. */
const PHRASING = 'abbr audio bdi bdo canvas cite data datalist del dfn ins kbd map mark meter output picture progress q samp slot time video'.split(' ');

/** The whole output is HTML: nothing but HTML elements, comments and a doctype at its top. */
export const isHtml: Evaluate = async (_spec, { output }) => {
  const known = await knownNames();
  const top = await topNodes(output);
  const elements = top.filter((node) => 'tagName' in node);
  if (elements.length === 0) return binary(false, 'The output has no HTML element.');
  if (top.some((node) => node.nodeName === '#text' && 'value' in node && node.value.trim() !== '')) return binary(false, 'The output has text outside its HTML elements.');
  const foreign = elements.find((node) => !known.has(node.nodeName));
  return foreign === undefined ? binary(true, 'The output is HTML.') : binary(false, `<${foreign.nodeName}> is not an HTML element.`);
};

/** Some tag in the output is of an HTML element. */
export const containsHtml: Evaluate = async (_spec, { output }) => {
  const known = await knownNames();
  const found = firstElement(await topNodes(output), known);
  return found === null ? binary(false, 'The output contains no HTML element.') : binary(true, `The output contains <${found}>.`);
};

async function knownNames(): Promise<ReadonlySet<string>> {
  const { html } = await import('parse5');
  return new Set([...Object.values(html.TAG_NAMES), ...PHRASING]);
}

/** As in a browser, but without the html, head and body that a browser adds: only what stands in the text. */
async function topNodes(text: string): Promise<Node[]> {
  const { parse, parseFragment } = await import('parse5');
  const whole = /^\s*(?:<!--[^]*?-->\s*)*<(?:!doctype\b|html[\s>]|head[\s>]|body[\s>])/iu.test(text);
  if (!whole) return parseFragment(text).childNodes;
  return written(parse(text, { sourceCodeLocationInfo: true }).childNodes);
}

function written(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) => {
    if (node.sourceCodeLocation !== null && node.sourceCodeLocation !== undefined) return [node];
    return 'childNodes' in node ? written(node.childNodes) : [];
  });
}

function firstElement(nodes: readonly Node[], known: ReadonlySet<string>): string | null {
  const rest = [...nodes].reverse();
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    if ('tagName' in node && known.has(node.tagName)) return node.tagName;
    if ('childNodes' in node) rest.push(...[...node.childNodes].reverse());
  }
  return null;
}
