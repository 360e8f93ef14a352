import { Findings } from '../text/findings.ts';
import { locateYaml } from '../text/locate.ts';
import { entryOf, isMap, isSeq, itemsOf, YamlSource, YamlValueError } from '../text/yaml.ts';
import { caseFromRow, type RowContext } from './rows.ts';
import type { DatasetItem, DatasetSource } from './source.ts';

/** A YAML file with a list of cases (or a mapping whose `cases:` or `tests:` is one). Read whole. */
export async function* readYaml(source: DatasetSource): AsyncGenerator<DatasetItem> {
  yield* casesOfYaml(await source.files.readText(source.file), source);
}

function* casesOfYaml(text: string, source: DatasetSource): Generator<DatasetItem> {
  const yaml = new YamlSource(text);
  for (const error of yaml.errors) yield { problem: { ...error, file: source.file } };
  if (yaml.errors.length > 0) return;
  const findings = new Findings(source.file);
  const list = caseList(yaml);
  if (!isSeq(list)) {
    if (yaml.root !== null) yield { problem: { severity: 'error', code: 'dataset', message: 'a dataset is a list of cases (or a mapping whose `cases:` is one)', range: yaml.range(yaml.root), file: source.file } };
    return;
  }
  let told = 0;
  for (const item of itemsOf(yaml, list)) {
    const one = caseOfNode(yaml, item, { file: source.file, baseDir: source.baseDir, ids: source.ids, findings });
    for (const finding of findings.list.slice(told)) yield { problem: finding };
    told = findings.list.length;
    if (one) yield { case: one };
  }
}

function caseList(yaml: YamlSource): unknown {
  if (!isMap(yaml.root)) return yaml.root;
  return (entryOf(yaml, yaml.root, 'cases') ?? entryOf(yaml, yaml.root, 'tests'))?.value;
}

/** One item of a YAML list as a case, with the exact ranges of the item and of its expectation. */
export function caseOfNode(yaml: YamlSource, node: unknown, context: Pick<RowContext, 'file' | 'baseDir' | 'ids' | 'findings'>): ReturnType<typeof caseFromRow> {
  const expected = isMap(node) ? entryOf(yaml, node, 'expected') : undefined;
  try {
    return caseFromRow(yaml.value(node), {
      ...context,
      range: yaml.range(node),
      expectedRange: expected ? yaml.range(expected.value) : undefined,
      locate: locateYaml(yaml, node),
      assertionRanges: true,
    });
  } catch (error) {
    if (!(error instanceof YamlValueError)) throw error;
    context.findings.error('yaml', error.message, yaml.range(node));
    return null;
  }
}
