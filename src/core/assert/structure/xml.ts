import { isObject, type JsonObject } from '../../json.ts';
import type { AssertionSpec } from '../model.ts';
import { binary, CheckError, type Evaluate } from '../outcome.ts';
import { splitList } from '../text/list.ts';

type Xml = typeof import('fast-xml-parser');

/** The whole output is one well-formed document that has every required element. */
export const isXml: Evaluate = async (spec, { output }) => {
  const xml = await import('fast-xml-parser');
  const paths = requiredPaths(spec);
  const flaw = xmlFlaw(output.trim(), xml);
  if (flaw !== null) return binary(false, `Not well-formed XML: ${flaw}.`);
  const missing = missingPaths(output, paths, xml);
  return binary(missing.length === 0, missing.length === 0 ? wellFormed(paths) : `The XML has no ${missing.join(', ')}.`);
};

/** Some element in the output is well-formed and has every required element, paths taken from that element. */
export const containsXml: Evaluate = async (spec, { output }) => {
  const xml = await import('fast-xml-parser');
  const paths = requiredPaths(spec);
  let missing: string[] | null = null;
  for (const element of elements(output)) {
    if (xmlFlaw(element, xml) !== null) continue;
    const lacking = missingPaths(element, paths, xml);
    if (lacking.length === 0) return binary(true, wellFormed(paths));
    missing ??= lacking;
  }
  return binary(false, missing === null ? 'The output contains no well-formed XML element.' : `No XML element in the output has ${missing.join(', ')}.`);
};

/** Paths such as `order.item.price`: a list, a text with commas, or under `requiredElements`. */
function requiredPaths({ type, value }: AssertionSpec): string[] {
  const written: unknown = isObject(value) ? value['requiredElements'] : value;
  if (written === undefined || written === null) return [];
  if (typeof written === 'string') return splitList(written);
  if (Array.isArray(written) && written.every((path) => typeof path === 'string')) return written;
  throw new CheckError(`${type} takes element paths: a list, or a text with commas.`);
}

function wellFormed(paths: readonly string[]): string {
  return paths.length === 0 ? 'Well-formed XML.' : `Well-formed XML with ${paths.join(', ')}.`;
}

function xmlFlaw(text: string, { XMLValidator }: Xml): string | null {
  if (!text.startsWith('<')) return text === '' ? 'it is empty' : 'there is text outside the root element';
  const checked = XMLValidator.validate(text);
  return checked === true ? null : `line ${checked.err.line}: ${checked.err.msg.replace(/\.$/u, '')}`;
}

function missingPaths(text: string, paths: readonly string[], { XMLParser }: Xml): string[] {
  if (paths.length === 0) return [];
  const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false, processEntities: false, ignoreDeclaration: true, ignorePiTags: true });
  const root: unknown = parser.parse(text.trim());
  return paths.filter((path) => !hasPath(root, path.split('.')));
}

/** Repeated elements are lists: one of them having the rest of the path is enough. */
function hasPath(value: unknown, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return true;
  if (Array.isArray(value)) return value.some((item) => hasPath(item, path));
  return isObject(value) && Object.hasOwn(value, name) && hasPath((value as JsonObject)[name], rest);
}

const TAG = /<(\/?)([\p{L}_][\p{L}\p{N}_.:-]*)((?:\s+[^<>]*?)?)(\/?)>/gu;

/** The texts from each start tag to its end tag. Nested elements come after the one around them. */
function* elements(text: string): Generator<string> {
  const tags = [...text.matchAll(TAG)];
  for (const [index, tag] of tags.entries()) {
    if (tag[1] === '/') continue;
    const end = tag[4] === '/' ? tag : closing(tags, index);
    if (end !== null) yield text.slice(tag.index, end.index + end[0].length);
  }
}

function closing(tags: readonly RegExpExecArray[], from: number): RegExpExecArray | null {
  const name = tags[from]?.[2];
  let depth = 0;
  for (let i = from; i < tags.length; i++) {
    const tag = tags[i];
    if (tag === undefined || tag[2] !== name || tag[4] === '/') continue;
    depth += tag[1] === '/' ? -1 : 1;
    if (depth === 0) return tag;
  }
  return null;
}
