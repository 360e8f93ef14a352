import { errorMessage } from '../../errors.ts';
import { isObject } from '../../json.ts';
import type { AssertionSpec } from '../model.ts';
import { binary, CheckError, type Evaluate } from '../outcome.ts';
import { splitList } from '../text/list.ts';

/** The whole output is one well-formed document that has every required element. */
export const isXml: Evaluate = async (spec, { output }) => {
  const required = requiredPaths(spec);
  const read = await readXml(output.trim());
  if (typeof read === 'string') return binary(false, `Not well-formed XML: ${read}.`);
  const missing = required.filter((path) => !read.has(path));
  return binary(missing.length === 0, missing.length === 0 ? wellFormed(required) : `The XML has no ${missing.join(', ')}.`);
};

/** Some element in the output is well-formed and has every required element, paths taken from that element. */
export const containsXml: Evaluate = async (spec, { output }) => {
  const required = requiredPaths(spec);
  let lacking: string[] | null = null;
  for (const element of elements(output)) {
    const read = await readXml(element);
    if (typeof read === 'string') continue;
    const missing = required.filter((path) => !read.has(path));
    if (missing.length === 0) return binary(true, wellFormed(required));
    lacking ??= missing;
  }
  return binary(false, lacking === null ? 'The output contains no well-formed XML element.' : `No XML element in the output has ${lacking.join(', ')}.`);
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

/** The paths of all elements, from the root on; or the first flaw of a text that is not well-formed. Entities are not expanded. */
async function readXml(text: string): Promise<ReadonlySet<string> | string> {
  const { SaxesParser } = await import('./sax.ts');
  const parser = new SaxesParser();
  const paths = new Set<string>();
  const open: string[] = [];
  parser.on('opentag', ({ name }) => {
    open.push(open.length === 0 ? name : `${open.at(-1)}.${name}`);
    paths.add(open.at(-1) ?? name);
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.on('error', (error) => {
    throw error;
  });
  try {
    parser.write(text).close();
  } catch (error) {
    return errorMessage(error).replace(/\.$/u, '');
  }
  return paths;
}

const TAG = /<(\/?)([\p{L}_][\p{L}\p{N}_.:-]*)((?:[\s/][^<>]*)?)>/gu;

interface Tag {
  readonly name: string;
  readonly kind: 'start' | 'end' | 'empty';
  readonly from: number;
  readonly to: number;
}

/** The texts from each start tag to its end tag. Nested elements come after the one around them. */
function* elements(text: string): Generator<string> {
  const tags = Array.from(text.matchAll(TAG), (match): Tag => {
    const kind = match[1] === '/' ? 'end' : match[3]?.endsWith('/') === true ? 'empty' : 'start';
    return { name: match[2] ?? '', kind, from: match.index, to: match.index + match[0].length };
  });
  for (const [index, tag] of tags.entries()) {
    if (tag.kind === 'end') continue;
    const end = tag.kind === 'empty' ? tag : closing(tags, index);
    if (end !== null) yield text.slice(tag.from, end.to);
  }
}

function closing(tags: readonly Tag[], from: number): Tag | null {
  const name = tags[from]?.name;
  let depth = 0;
  for (let i = from; i < tags.length; i++) {
    const tag = tags[i];
    if (tag === undefined || tag.name !== name || tag.kind === 'empty') continue;
    depth += tag.kind === 'end' ? -1 : 1;
    if (depth === 0) return tag;
  }
  return null;
}
