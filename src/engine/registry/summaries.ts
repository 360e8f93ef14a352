import { promptIdOf } from '../../core/prompt/reading.ts';
import { shortHash, versionLabel } from '../../core/registry/names.ts';
import type { PointerState } from '../../core/registry/pointers.ts';
import type { PromptHistory } from '../../core/registry/history.ts';
import { joinPath, relativePath } from '../../core/text/path.ts';
import type { EnvironmentState, PromptContent, VersionSummary } from '../../protocol/registry.ts';
import type { OpenPrompt } from './identity.ts';
import { scoresOf, type KnownScores } from './scores.ts';
import type { FoundVersion } from './version-registry.ts';

/** Every id under which runs of a prompt may be kept: its path is what a run knows of it. */
export function runIdsOf({ known, contents }: Pick<OpenPrompt, 'known' | 'contents'>, root: string): string[] {
  const paths = known.versions.flatMap(({ files }) => (files[0] === undefined ? [] : [promptIdOf(joinPath(root, files[0].path), root)]));
  return [...new Set([...known.everyName, ...paths, ...(contents === null ? [] : [contents.document.id])])];
}

/** A version in a list: how it was found, and what is known of it. */
export function summaryOf({ version, saved, git }: Pick<FoundVersion, 'version' | 'saved' | 'git'>, states: readonly PointerState[], known: KnownScores): VersionSummary {
  const { promptId, hash, number, message, author, time, parent, tags, useCase } = saved ?? version;
  return {
    promptId, hash, number, message, author, time, parent, tags, useCase,
    label: saved?.label ?? versionLabel(hash, null),
    source: saved === null && git !== null ? 'git' : 'registry',
    revision: git?.commit ?? null,
    environments: saved === null ? [] : states.filter((state) => state.version === hash).map(({ environment }) => environment),
    scores: scoresOf(hash, (saved ?? version).content.models, known),
  };
}

/** What the versions with these contents are called: of the prompt that goes by the content's id, else by its path. `null`: nobody saved it. */
export function labelsOf(contents: readonly PromptContent[], histories: readonly PromptHistory[], root: string): (string | null)[] {
  const saved = Map.groupBy(histories.flatMap((history) => history.versions.map((version) => ({ history, version }))), ({ version }) => version.hash);
  return contents.map(({ path, prompt, hash }) => {
    // Equal contents of two prompts are versions of both, each with its own number.
    const same = saved.get(hash) ?? [];
    const found = same.find(({ history }) => runIdsOf({ known: history, contents: null }, root).includes(prompt)) ?? same.find(({ version }) => version.files[0]?.path === relativePath(root, path));
    return found?.version.label ?? null;
  });
}

export function environmentStates({ known, config }: Pick<OpenPrompt, 'known' | 'config'>): PointerState[] {
  return [...new Set([...config.environments, ...known.environments])].map((name) => known.environment(name));
}

export function environmentState(state: PointerState, known: PromptHistory): EnvironmentState {
  const apart = state.diverged || (state.damaged && state.tips.length > 1);
  const last = state.last ?? known.pointers.findLast(({ id }) => state.tips.some(({ event }) => event === id)) ?? null;
  return {
    environment: state.environment,
    version: state.version,
    label: known.labelOf(state.version),
    diverged: apart ? state.tips.map(({ event, version }) => ({ version, label: version === null ? null : (known.version(version)?.label ?? shortHash(version)), event })) : [],
    changedAt: last?.time ?? null,
    changedBy: last?.author ?? null,
    rollbackTo: state.rollbackTo === null || known.version(state.rollbackTo) === null ? null : { version: state.rollbackTo, label: known.labelOf(state.rollbackTo) ?? '' },
  };
}
