import { findNodeAtLocation, getNodeValue, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { Findings } from '../text/findings.ts';
import { LineMap } from '../text/position.ts';
import { caseFromRow } from './rows.ts';
import type { DatasetItem, DatasetSource } from './source.ts';

/** A JSON file with a list of cases (or an object whose `cases` or `tests` is one). Read whole. */
export async function* readJson(source: DatasetSource): AsyncGenerator<DatasetItem> {
  yield* casesOfJson(await source.files.readText(source.file), source);
}

function* casesOfJson(text: string, source: DatasetSource): Generator<DatasetItem> {
  const lines = new LineMap(text);
  const errors: ParseError[] = [];
  let tree: Node | undefined;
  try {
    tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: true });
  } catch (error) {
    // Thousands of nested brackets exhaust the parser's stack.
    if (!(error instanceof RangeError)) throw error;
    yield { problem: { severity: 'error', code: 'json', message: 'this is nested too deeply', range: lines.range(0, 0), file: source.file } };
    return;
  }
  for (const { error, offset, length } of errors) {
    const message = `not valid JSON: ${printParseErrorCode(error).replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()}`;
    yield { problem: { severity: 'error', code: 'json', message, range: lines.range(offset, offset + Math.max(1, length)), file: source.file } };
  }
  if (!tree || errors.length > 0) return;
  const list = tree.type === 'object' ? (findNodeAtLocation(tree, ['cases']) ?? findNodeAtLocation(tree, ['tests'])) : tree;
  if (list?.type !== 'array') {
    yield { problem: { severity: 'error', code: 'dataset', message: 'a dataset is a list of cases (or an object whose `cases` is one)', range: lines.range(tree.offset, tree.offset + tree.length), file: source.file } };
    return;
  }
  const range = (node: Node): ReturnType<LineMap['range']> => lines.range(node.offset, node.offset + node.length);
  for (const node of list.children ?? []) {
    const findings = new Findings(source.file);
    const expected = findNodeAtLocation(node, ['expected']);
    const item = caseFromRow(getNodeValue(node), {
      file: source.file, baseDir: source.baseDir, ids: source.ids, findings,
      range: range(node),
      expectedRange: expected && range(expected),
      locate: (...path) => {
        for (let depth = path.length; depth > 0; depth--) {
          const part = findNodeAtLocation(node, path.slice(0, depth));
          if (part) return range(part);
        }
        return range(node);
      },
      assertionRanges: true,
    });
    for (const problem of findings.list) yield { problem };
    if (item) yield { case: item };
  }
}
