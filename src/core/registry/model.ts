import type { JsonObject } from '../json.ts';
import type { ContentPart, ModelParameters, ModelRef, ResponseFormat, Role, Tool } from '../model/model.ts';
import type { TemplateSyntax } from '../prompt/model.ts';

/** The content that makes a version: everything that shapes a request, and nothing else (core/prompt/canonical). */
export interface VersionContent {
  readonly syntax: TemplateSyntax;
  readonly messages?: readonly { readonly role: Role; readonly content: string | readonly ContentPart[] }[];
  /** promptfoo's whole text, rendered before it is taken apart. */
  readonly template?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly source?: JsonObject;
  readonly models: readonly ModelRef[];
  readonly parameters: ModelParameters;
  readonly responseFormat?: ResponseFormat;
  readonly tools: readonly Tool[];
  readonly toolChoice?: unknown;
}

/** An immutable snapshot of a prompt, as it stands in one file of the registry. */
export interface Version {
  /** Of the prompt: kept when the file moves. */
  readonly promptId: string;
  /** SHA-256 of the canonical content, 64 hex digits: the identity. */
  readonly hash: string;
  /** Counts the versions of a prompt as one person sees them; two branches may both have made a v7. */
  readonly number: number;
  readonly message: string;
  readonly author: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Hash of the version that it was made from; `null`: the first. */
  readonly parent: string | null;
  readonly tags: readonly string[];
  readonly useCase: string | null;
  readonly content: VersionContent;
  /** The prompt file as it was saved, and every file that it includes: path below the workspace folder, with `/`. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

/** One movement of an environment's pointer; never changed, so that branches merge. */
export interface PointerEvent {
  /** Unique; begins with the time. */
  readonly id: string;
  readonly promptId: string;
  readonly environment: string;
  readonly action: 'promote' | 'rollback' | 'undo' | 'clear';
  /** `null`: points nowhere. */
  readonly version: string | null;
  /** Events that it follows: one; several where a person decided between diverged branches; none at first. */
  readonly after: readonly string[];
  readonly author: string;
  readonly time: string;
  readonly note: string;
}

/** Something in the registry's files that must not be trusted, and is not used. */
export interface RegistryProblem {
  /** Absolute path. */
  readonly file: string;
  readonly line: number | null;
  readonly promptId: string | null;
  readonly message: string;
}
