import type { Summary } from '../core/eval/model.ts';
import type { PointerEvent, RegistryProblem, Version } from '../core/registry/model.ts';
import type { TextOverlay } from './text-overlay.ts';

/** A version in a list: without its content. */
export interface VersionSummary extends Pick<Version, 'promptId' | 'hash' | 'number' | 'message' | 'author' | 'time' | 'parent' | 'tags' | 'useCase'> {
  /** `v7 · 3f9a1c2e`; of one that nobody saved `3f9a1c2e`. */
  readonly label: string;
  /** `git`: found in the history of the prompt file, and saved by nobody. */
  readonly source: 'registry' | 'git';
  /** Git's revision, where it comes from there. */
  readonly revision: string | null;
  /** Environments that point to it now. */
  readonly environments: readonly string[];
  /** What its last run with each dataset and model gave: `own` ones first, then newest first. */
  readonly scores: readonly VersionScore[];
}

export interface VersionScore {
  readonly runId: string;
  readonly startedAt: string;
  readonly datasetName: string | null;
  readonly datasetHash: string;
  readonly model: string;
  /** With the dataset that the prompt has now and a model that the version names: what versions can be set side by side by. */
  readonly own: boolean;
  readonly summary: Summary;
}

export interface EnvironmentState {
  readonly environment: string;
  /** Hash; `null`: points nowhere yet, or branches diverged. */
  readonly version: string | null;
  readonly label: string | null;
  /** More than one: pointers were moved on two branches, until a person decides by a promotion. */
  readonly diverged: readonly { readonly version: string | null; readonly label: string | null; readonly event: string }[];
  readonly changedAt: string | null;
  readonly changedBy: string | null;
  /** Whether there is a version to roll back to. */
  readonly rollbackTo: { readonly version: string; readonly label: string } | null;
}

export interface PromptVersions {
  readonly promptId: string;
  readonly path: string;
  /** Newest first; those of Git last. */
  readonly versions: readonly VersionSummary[];
  /** Those of touchstone.yml in their order, then others that have a pointer. */
  readonly environments: readonly EnvironmentState[];
  readonly workingCopy: { readonly hash: string; /** The version with the same content. */ readonly version: string | null; readonly label: string | null; /** The newest version: what it was edited from. */ readonly parent: string | null };
  readonly problems: readonly RegistryProblem[];
}

/** Which prompt: its file, and its id where the file holds several. */
export interface PromptPlace {
  /** Absolute. */
  readonly path: string;
  /** `PromptDocument.id`. */
  readonly prompt?: string;
  readonly overlays?: readonly TextOverlay[];
}

/** What a prompt said at some time. */
export interface PromptContent {
  /** Absolute. */
  readonly path: string;
  /** `PromptDocument.id`. */
  readonly prompt: string;
  readonly hash: string;
}

export interface RegistrySearchHit {
  readonly promptId: string;
  readonly name: string;
  readonly path: string | null;
  /** `null`: the working copy. */
  readonly version: VersionSummary | null;
  readonly models: readonly string[];
  readonly owner: string | null;
  readonly tags: readonly string[];
  readonly passRate: number | null;
  /** Where the text was found, at most 200 characters. */
  readonly excerpt: string;
  /** 0..1: of `similar` the cosine; of text how well it fits. */
  readonly similarity: number;
}

/** Versions and environments: method → [parameters, result]. A `ref` is `v7`, `7`, a hash or its first 4 digits or more, an environment, `working`, or `git:REV`. */
export interface RegistryMethods {
  /** `git`: also those in the Git history of the file, which takes longer. */
  'versions/list': [PromptPlace & { readonly git?: boolean }, PromptVersions];
  /** What saved versions with these contents are called, such as `v7 · 3f9a1c2e`, in their order; `null`: nobody saved it. Runs know their prompt's path, id and hash. */
  'versions/labels': [{ readonly contents: readonly PromptContent[] }, { readonly labels: readonly (string | null)[] }];
  /** With its content and files. @throws 'not-found' | 'ambiguous' (two branches both made a v7: names both) | 'damaged' */
  'versions/get': [PromptPlace & { readonly ref: string }, { readonly version: Version; readonly summary: VersionSummary }];
  /** `created` is false when a version has this content already. */
  'versions/save': [PromptPlace & { readonly message: string; readonly tags?: readonly string[]; readonly useCase?: string }, { readonly version: VersionSummary; readonly created: boolean }];
  'environments/promote': [PromptPlace & { readonly ref: string; readonly environment: string; readonly note?: string }, { readonly event: PointerEvent; readonly state: EnvironmentState }];
  /** Back to the version that the pointer had before. */
  'environments/rollback': [PromptPlace & { readonly environment: string; readonly note?: string }, { readonly event: PointerEvent; readonly state: EnvironmentState }];
  /** Takes the last movement back, if it still is the last one. */
  'environments/undo': [PromptPlace & { readonly event: string }, { readonly event: PointerEvent; readonly state: EnvironmentState }];
  /** Newest first. */
  'environments/history': [PromptPlace & { readonly environment?: string }, { readonly events: readonly (PointerEvent & { readonly label: string | null })[] }];
  'registry/search': [{ readonly text?: string; readonly similar?: string; readonly tags?: readonly string[]; readonly model?: string; readonly owner?: string; readonly minPassRate?: number; readonly limit: number }, { readonly hits: readonly RegistrySearchHit[] }];
  /** Everything in the registry that is not as it should be. */
  'registry/check': [Record<string, never>, { readonly problems: readonly RegistryProblem[]; readonly prompts: number; readonly versions: number }];
}

export interface RegistryNotifications {
  /** Files of the registry changed, by whomever. */
  'registry/changed': Record<string, never>;
}
