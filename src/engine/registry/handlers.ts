import type { RegistryMethods, PromptPlace } from '../../protocol/registry.ts';
import { versionScores } from '../../node/sqlite/version-scores.ts';
import type { Workspace } from '../workspace.ts';
import type { OpenPrompt } from './identity.ts';
import { datasetNameOf, NO_SCORES, type KnownScores } from './scores.ts';
import type { RegistrySearch } from './search.ts';
import { environmentState, environmentStates, labelsOf, runIdsOf, summaryOf } from './summaries.ts';
import type { Moved, VersionRegistry } from './version-registry.ts';

export type RegistryHandlers = { readonly [M in keyof RegistryMethods]: (params: RegistryMethods[M][0], signal: AbortSignal) => Promise<RegistryMethods[M][1]> };

export interface RegistryParts {
  readonly workspace: Workspace;
  readonly registry: VersionRegistry;
  readonly search: RegistrySearch;
}

/** What the engine answers about versions and environments. `get`: the parts of the folder that is open. */
export function registryHandlers(get: () => RegistryParts): RegistryHandlers {
  /** Runs lie in the database, which stays closed where a workspace is not trusted. */
  const scoresOf = async (prompt: OpenPrompt): Promise<KnownScores> => {
    const { workspace } = get();
    if (!workspace.settings.trusted) return NO_SCORES;
    const scores = versionScores((await workspace.store()).database, runIdsOf(prompt, workspace.folder));
    return { scores, datasetName: await datasetNameOf(prompt.contents?.document ?? null, scores, { files: prompt.files, root: workspace.folder, config: prompt.config }) };
  };
  const moved = ({ event, prompt }: Moved): { event: typeof event; state: ReturnType<typeof environmentState> } => ({ event, state: environmentState(prompt.known.environment(event.environment), prompt.known) });
  return {
    'versions/list': async ({ git, ...place }, signal) => {
      const { registry } = get();
      const prompt = await registry.open(place, signal);
      const { known } = prompt;
      const states = environmentStates(prompt);
      const scores = await scoresOf(prompt);
      const found = git === true ? await registry.ofGit(prompt, signal) : [];
      return {
        promptId: prompt.promptId,
        path: place.path,
        versions: [
          ...known.versions.map((version) => summaryOf({ version, saved: version, git: null }, states, scores)),
          ...found.map((one) => summaryOf({ version: one.version, saved: null, git: one }, states, scores)),
        ],
        environments: states.map((state) => environmentState(state, known)),
        workingCopy: { hash: prompt.hash ?? '', version: known.version(prompt.hash)?.hash ?? null, label: known.version(prompt.hash)?.label ?? null, parent: known.newest?.hash ?? null },
        problems: known.problems,
      };
    },
    'versions/labels': async ({ contents }) => {
      const { registry, workspace } = get();
      return { labels: labelsOf(contents, (await registry.read()).prompts, workspace.folder) };
    },
    'versions/get': async ({ ref, ...place }, signal) => {
      const { registry } = get();
      const prompt = await registry.open(place, signal);
      const found = await registry.find(prompt, ref, signal);
      const { promptId, hash, number, message, author, time, parent, tags, useCase, content, files } = found.saved ?? found.version;
      return { version: { promptId, hash, number, message, author, time, parent, tags, useCase, content, files }, summary: summaryOf(found, environmentStates(prompt), await scoresOf(prompt)) };
    },
    'versions/save': async ({ message, tags, useCase, ...place }, signal) => {
      const { registry } = get();
      const { version, created } = await registry.save(place, { message: message.trim(), tags: tags ?? [], useCase: useCase ?? null }, signal);
      const prompt = await registry.open(place, signal);
      return { version: summaryOf({ version, saved: version, git: null }, environmentStates(prompt), await scoresOf(prompt)), created };
    },
    'environments/promote': async ({ ref, environment, note, ...place }, signal) => moved(await get().registry.promote(place, ref, environment, note?.trim() ?? '', signal)),
    'environments/rollback': async ({ environment, note, ...place }, signal) => moved(await get().registry.rollback(place, environment, note?.trim() ?? '', signal)),
    'environments/undo': async ({ event, ...place }, signal) => moved(await get().registry.undo(place, event, signal)),
    'environments/history': async ({ environment, ...place }: PromptPlace & { readonly environment?: string }, signal) => {
      const { known } = await get().registry.open(place, signal);
      return { events: known.pointers.filter((event) => environment === undefined || event.environment === environment).toReversed().map((event) => ({ ...event, label: known.labelOf(event.version) })) };
    },
    'registry/search': (query, signal) => get().search.search(query, signal),
    'registry/check': async () => {
      const { prompts, problems } = await get().registry.read();
      return { problems, prompts: prompts.length, versions: prompts.reduce((sum, { versions }) => sum + versions.length, 0) };
    },
  };
}
