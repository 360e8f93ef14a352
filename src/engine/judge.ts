import { judgesOf } from '../core/assert/judges.ts';
import type { AssertionSpec } from '../core/assert/model.ts';
import { parseType } from '../core/assert/types.ts';
import type { ProjectConfig } from '../core/config/model.ts';
import type { Case } from '../core/dataset/model.ts';
import type { RunJudge } from '../core/eval/model.ts';
import { caseAssertions } from '../core/eval/plan.ts';
import type { FileReader } from '../core/files.ts';
import { hashJson, hashText } from '../core/hash.ts';
import type { Model, ModelCatalog, ModelRef } from '../core/model/model.ts';
import { findAssertionFiles } from '../core/prompt/assertion-files.ts';
import type { PromptDocument } from '../core/prompt/model.ts';
import { folderOf, relativePath } from '../core/text/path.ts';

/**
 * Who judges the outputs of a run beside its checks themselves: judges and embedding models, with the settings that touchstone.yml gives
 * them. Two runs with other judges give scores that say nothing about each other. `null`: nobody.
 */
export async function runJudge(prompt: PromptDocument, cases: readonly Case[], context: { readonly catalog: ModelCatalog; readonly config: ProjectConfig }): Promise<RunJudge | null> {
  const { catalog, config } = context;
  const refs = judgeRefs(prompt, cases, config.judge === undefined ? undefined : { id: config.judge }, config.embedding);
  if (refs.length === 0) return null;
  const identities = await Promise.all(
    refs.map(async ({ ref, embeds }) => {
      // One that cannot be asked is told by every check that needs it; here it is what was written.
      const model = embeds ? null : await catalog.resolve(ref).catch(() => null);
      return { ref: { id: ref.id, config: ref.config }, identity: model?.identity ?? null, embeds };
    }),
  );
  return { hash: hashJson(identities), models: refs.map(({ ref }) => ref.id) };
}

/** Files that the checks of a prompt and its cases name, with the hashes of their texts: the same words in a check may judge otherwise by now. */
export async function checkFiles(prompt: PromptDocument, cases: readonly Case[], files: FileReader, root: string): Promise<Record<string, string> | undefined> {
  const { found } = await findAssertionFiles({ path: prompt.path, assertions: prompt.assertions, cases }, { baseDir: folderOf(prompt.path), root }, files);
  if (found.length === 0) return undefined;
  const hashes = await Promise.all(found.map(async (path) => [relativePath(root, path), hashText(await files.readText(path))] as const));
  return Object.fromEntries(hashes);
}

/** Hash of everything beside the request that shapes a model's outputs: what a run keeps of it. */
export function modelIdentity({ ref, identity }: Model): string {
  return hashJson({ id: ref.id, config: ref.config, identity });
}

/** Whether a model or embeddings judge outputs of these cases, whoever that is. */
export function needsJudge(prompt: PromptDocument, cases: readonly Case[]): boolean {
  return judgeRefs(prompt, cases, { id: 'any' }, 'any').length > 0;
}

interface JudgeRef {
  readonly ref: ModelRef;
  readonly embeds: boolean;
}

/** Each once, in a fixed order. `local`: the embeddings that come with Touchstone. */
function judgeRefs(prompt: PromptDocument, cases: readonly Case[], standard: ModelRef | undefined, embedding = 'local'): JudgeRef[] {
  const found = new Map<string, JudgeRef>();
  const visit = (specs: readonly AssertionSpec[], judge: ModelRef | undefined): void => {
    for (const ref of judgesOf(specs, judge, standard)) found.set(JSON.stringify(['judge', ref.id, ref.config]), { ref, embeds: false });
    for (const ref of embeddingsOf(specs, embedding)) found.set(JSON.stringify(['embedding', ref.id]), { ref, embeds: true });
  };
  let plain = false;
  for (const item of cases) {
    // Most cases add nothing of their own: what holds for one of those holds for all.
    const isPlain = item.assertions.length === 0 && item.options.judge === undefined && item.options.disableDefaultAssertions !== true;
    if (isPlain && plain) continue;
    plain ||= isPlain;
    visit(caseAssertions(prompt, item), item.options.judge);
  }
  return [...found].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, ref]) => ref);
}

/** Answer-relevance compares embeddings too, of questions that its judge derives. */
function embeddingsOf(specs: readonly AssertionSpec[], standard: string): ModelRef[] {
  return specs.flatMap((spec): ModelRef[] => {
    const name = parseType(spec.type)?.name;
    if (name?.startsWith('similar') === true) return [{ id: spec.model?.id ?? standard }];
    if (name === 'answer-relevance') return [{ id: standard }];
    return spec.assert === undefined ? [] : embeddingsOf(spec.assert, standard);
  });
}
