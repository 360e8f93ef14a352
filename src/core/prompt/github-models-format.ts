import { checkAssertions } from '../assert/check.ts';
import { LaterIds } from '../dataset/ids.ts';
import type { DatasetRef } from '../dataset/model.ts';
import { fileNameOf, folderOf, isGlob, relativePath } from '../text/path.ts';
import type { Diagnostic } from '../text/diagnostic.ts';
import type { SourceRange } from '../text/position.ts';
import { datasetsFor } from '../config/datasets.ts';
import { datasetName, parseGithubModels, type GoldenFiles } from './github-models.ts';
import { findAssertionFiles } from './assertion-files.ts';
import { contentText } from './messages.ts';
import type { PromptFile } from './model.ts';
import { outlineCases, type PromptOutlineFile } from './outline.ts';
import { checkVariables } from './variables.ts';
import { outside, resolveInside, rootFor, type PromptReadOptions } from './reading.ts';

const GOLDEN_ENDINGS = '{jsonl,ndjson,csv,yaml,yml,json}';

export async function readGithubModels(path: string, text: string, options: PromptReadOptions): Promise<PromptFile> {
  const { document, golden, findings } = parseGithubModels(path, text, options.root);
  if (!document) return { format: 'github-models', path, prompts: [], diagnostics: findings.list, dependencies: [], runDefaults: {} };
  if (options.contentOnly === true) return { format: 'github-models', path, prompts: [document], diagnostics: findings.list, dependencies: [], runDefaults: {} };
  const place = rootFor(path, options.root);
  const found = golden ? await goldenFiles(golden, place, options) : await goldenByConvention(path, document.id, document.ranges.name, options);
  const dataset: DatasetRef = { ...document.dataset, files: found.files, name: datasetName(document.dataset.inline, found.files) };
  const prompt = { ...document, dataset };
  const checks = await findAssertionFiles({ path, assertions: prompt.assertions, cases: dataset.inline }, place, options.files);
  return {
    format: 'github-models', path, prompts: [prompt], dependencies: [...found.files, ...checks.found],
    diagnostics: [...findings.list, ...found.diagnostics, ...checks.diagnostics, ...checkAssertions(prompt.assertions), ...(found.files.length === 0 ? checkVariables(prompt, dataset.inline) : []), ...dataset.inline.flatMap((item) => checkAssertions(item.assertions))],
    runDefaults: {},
  };
}

interface FoundFiles {
  readonly files: string[];
  readonly diagnostics: Diagnostic[];
}

async function goldenFiles(golden: GoldenFiles, place: { baseDir: string; root: string }, { files }: PromptReadOptions): Promise<FoundFiles> {
  const found: string[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const written of golden.paths) {
    const path = resolveInside(written.replace(/^file:\/\//, ''), place.baseDir, place.root);
    if (path === null) {
      diagnostics.push(outside(written, golden.range));
      continue;
    }
    const matches = isGlob(path) ? await files.glob(relativePath(place.root, path), place.root) : (await files.isFile(path)) ? [path] : [];
    if (matches.length === 0) diagnostics.push({ severity: 'error', code: 'golden-missing', message: isGlob(path) ? `no file matches ${written}` : `there is no file ${written}`, range: golden.range });
    found.push(...matches);
  }
  return { files: [...new Set(found)], diagnostics };
}

/** Without `golden:`, touchstone.yml may name the dataset; else `triage.golden.jsonl` belongs to `triage.prompt.yml`. */
async function goldenByConvention(path: string, id: string, range: SourceRange, { files, datasets }: PromptReadOptions): Promise<FoundFiles> {
  const configured = datasetsFor(id, { datasets: datasets ?? {} });
  if (configured.length > 0) return { files: [...configured], diagnostics: [] };
  const stem = fileNameOf(path).replace(/\.prompt\.ya?ml$/i, '').replace(/[\\*?{}[\]()!+@]/g, '\\$&');
  const matches = await files.glob(`${stem}.golden.${GOLDEN_ENDINGS}`, folderOf(path));
  if (matches.length < 2) return { files: matches, diagnostics: [] };
  const message = `there are several golden datasets (${matches.map(fileNameOf).join(', ')}): name the one to use under \`golden:\``;
  return { files: [], diagnostics: [{ severity: 'error', code: 'golden-missing', message, range }] };
}

export function outlineGithubModels(path: string, text: string): PromptOutlineFile {
  const { document, golden, findings, ranges, messages } = parseGithubModels(path, text, folderOf(path), new LaterIds());
  return {
    format: 'github-models',
    path,
    // A text with errors still shows where its parts are.
    prompts: [{
      name: document?.name ?? fileNameOf(path),
      ranges,
      messages: messages.map(({ role, range, contentRange, content }) => ({ role, range, contentRange, text: contentText(content) })),
      models: document?.models.map(({ id }) => id) ?? [],
      variables: document?.variables ?? [],
      golden,
      cases: outlineCases(document?.dataset.inline ?? []),
    }],
    diagnostics: document ? [...findings.list, ...checkAssertions(document.assertions)] : findings.list,
  };
}
