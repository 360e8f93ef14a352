import type { EnvironmentState, PromptVersions, VersionSummary } from './registry.ts';

/** What the panel shows: the versions of one prompt, those that were saved and those of Git. */
export interface ShownVersions {
  /** `PromptDocument.id`, for a reload. */
  readonly promptId: string;
  readonly promptName: string;
  /** Path below the workspace folder. */
  readonly path: string;
  /** Newest first; those of Git last. */
  readonly versions: readonly VersionSummary[];
  readonly environments: readonly Pick<EnvironmentState, 'environment' | 'version' | 'diverged'>[];
  readonly workingCopy: PromptVersions['workingCopy'];
}

type Nothing = Record<string, never>;

/** What the panel of versions asks of the extension: method → [parameters, result]. A `ref` is a version's hash, or `git:REV`. */
export interface VersionsPanelMethods {
  'versions/get': [Nothing, ShownVersions];
  /** Both in VS Code's diff editor; without `with` against the working copy. */
  'versions/diff': [{ readonly ref: string; readonly with?: string }, Nothing];
  /** Two or more in the comparison panel, the baseline first; one alone against the working copy. */
  'versions/compare': [{ readonly refs: readonly string[] }, Nothing];
  'versions/promote': [{ readonly ref: string }, Nothing];
  'versions/restore': [{ readonly ref: string }, Nothing];
  'versions/save': [Nothing, Nothing];
  'open-run': [{ readonly runId: string }, Nothing];
  'open-prompt': [Nothing, Nothing];
  'copy': [{ readonly text: string }, Nothing];
}

export interface VersionsPanelNotifications {
  /** Versions, pointers or scores changed: ask again. */
  'versions/changed': Nothing;
}
