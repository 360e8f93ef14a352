import type { JsonObject } from '../../json.ts';

/** More list items than this are an accident or an attack (`gen_ai.prompt.999999999.content`); the raw attributes still hold them. */
const MAX_ITEMS = 10_001;
const MAX_SEGMENTS = 32;

interface Node {
  value: unknown;
  readonly children: Map<string, Node>;
}

/**
 * The value that was spread over dotted keys: `0.message.role`, `0.message.content`, `1.…`. Members that are all numbered make a
 * list in the order of their numbers; numbers that are missing leave no hole.
 */
export function unflatten(entries: Iterable<readonly [path: string, value: unknown]>): unknown {
  const root: Node = { value: undefined, children: new Map() };
  for (const [path, value] of entries) {
    const segments = path.split('.', MAX_SEGMENTS + 1);
    if (segments.length > MAX_SEGMENTS) continue;
    let node = root;
    for (const segment of segments) {
      let child = node.children.get(segment);
      if (!child) node.children.set(segment, (child = { value: undefined, children: new Map() }));
      node = child;
    }
    node.value = value;
  }
  return root.children.size === 0 ? undefined : valueOf(root);
}

function valueOf(node: Node): unknown {
  if (node.children.size === 0) return node.value;
  const keys = [...node.children.keys()];
  if (keys.every((key) => /^\d{1,9}$/.test(key))) {
    return keys.map(Number).sort((a, b) => a - b).slice(0, MAX_ITEMS).map((key) => valueOf(node.children.get(String(key))!));
  }
  // Object.fromEntries defines members, so that `__proto__` is a key like any other.
  return Object.fromEntries([...node.children].map(([key, child]) => [key, valueOf(child)])) satisfies JsonObject;
}
