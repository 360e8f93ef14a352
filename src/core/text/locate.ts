import { findNodeAtLocation, parseTree } from 'jsonc-parser';
import type { LineMap, SourceRange } from './position.ts';
import { entryOf, isMap, isSeq, type YamlSource } from './yaml.ts';

/**
 * Finds the place of a part of a value by its path (keys and indexes), or of the nearest enclosing part that has one.
 * Readers of rows work on plain values and ask for a place only when they need one.
 */
export type Locate = (...path: readonly (string | number)[]) => SourceRange;

export function locateIn(locate: Locate, ...prefix: readonly (string | number)[]): Locate {
  return (...path) => locate(...prefix, ...path);
}

export function locateYaml(source: YamlSource, root: unknown): Locate {
  return (...path) => {
    let node = root;
    for (const part of path) {
      const resolved = source.resolve(node);
      const next = isMap(resolved) ? entryOf(source, resolved, String(part))?.value : isSeq(resolved) && typeof part === 'number' ? resolved.items[part] : undefined;
      if (next === undefined || next === null) break;
      node = next;
    }
    return source.range(node);
  };
}

/**
 * Places inside a JSON value that starts at `offset` of the file behind `lines`; `text` has no space around it. It is parsed only
 * when the place of a part is asked for.
 */
export function locateJson(text: string, offset: number, lines: Pick<LineMap, 'range'>): Locate {
  const whole = lines.range(offset, offset + text.length);
  return (...path) => {
    if (path.length === 0) return whole;
    const tree = parseTree(text);
    for (let depth = path.length; tree && depth > 0; depth--) {
      const node = findNodeAtLocation(tree, path.slice(0, depth));
      if (node) return lines.range(offset + node.offset, offset + node.offset + node.length);
    }
    return whole;
  };
}
