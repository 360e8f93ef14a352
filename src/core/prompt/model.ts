import type { AssertionSpec } from '../assert/model.ts';
import type { DatasetRef } from '../dataset/model.ts';
import type { JsonObject } from '../json.ts';
import type { ContentPart, ModelParameters, ModelRef, ResponseFormat, Role, Tool } from '../model/model.ts';
import type { Diagnostic } from '../text/diagnostic.ts';
import type { SourceRange } from '../text/position.ts';

export type PromptFormat = 'github-models' | 'promptfoo';

/**
 * How the texts are templates. `placeholders`: `{{name}}` only, one pass (GitHub Models). `nunjucks`: promptfoo.
 * In both, values are inert: text inside a variable is never expanded.
 */
export type TemplateSyntax = 'placeholders' | 'nunjucks';

export interface PromptMessage {
  readonly role: Role;
  readonly content: string | readonly ContentPart[];
  /** The whole entry. */
  readonly range: SourceRange;
  /** The text of `content` in the file, for hints and diagnostics. */
  readonly contentRange: SourceRange;
}

/** A promptfoo prompt that is a function: it is called with the variables, in a separate process. */
export interface PromptFunction {
  /** Absolute path of the program's text; for a command, the command line itself. */
  readonly file: string;
  readonly export?: string;
  readonly language: 'javascript' | 'python' | 'command';
  /** Folder in which it runs, absolute. */
  readonly baseDir: string;
  /** SHA-256 of the program's text, so that an edit of it makes results stale; absent for a command. */
  readonly textHash?: string;
  /** The prompt's own `config`, handed to the function. */
  readonly config?: JsonObject;
}

export interface VariableUse {
  readonly name: string;
  readonly ranges: readonly SourceRange[];
}

/** One prompt, whatever file format it stands in. */
export interface PromptDocument {
  readonly format: PromptFormat;
  /** Absolute path of the file. */
  readonly path: string;
  /** Path below the workspace folder without the ending; a config with several prompts appends `#label`. */
  readonly id: string;
  /** Shown to people: `name`, else the last part of the id. promptfoo: the config's description or id, and the prompt's label within it. */
  readonly name: string;
  /** What its author calls it within its config: promptfoo's label or id, else the file that holds its text. */
  readonly label?: string;
  readonly description?: string;
  readonly syntax: TemplateSyntax;
  readonly messages: readonly PromptMessage[];
  /**
   * `nunjucks`: the whole text as the file gives it. It is rendered, and only then taken apart into messages; `messages`
   * above is what can be known before.
   */
  readonly template?: string;
  /** promptfoo's `env:` block: the only source of `{{env.NAME}}`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Names by which a case's `prompts` may choose this prompt (promptfoo: label and id). */
  readonly filterNames?: readonly string[];
  /** Instead of messages. */
  readonly source?: PromptFunction;
  readonly models: readonly ModelRef[];
  readonly parameters: ModelParameters;
  readonly responseFormat?: ResponseFormat;
  readonly tools: readonly Tool[];
  readonly toolChoice?: unknown;
  readonly variables: readonly VariableUse[];
  readonly dataset: DatasetRef;
  /** Checks on every case, before the case's own. */
  readonly assertions: readonly AssertionSpec[];
  readonly threshold?: number;
  readonly metadata: JsonObject;
  /** promptfoo's derivedMetrics: arithmetic over summed named scores. */
  readonly derivedMetrics: readonly { readonly name: string; readonly value: string }[];
  /** Where lenses stand: `name:` (or the first line), `messages:`, `model:`. */
  readonly ranges: { readonly name: SourceRange; readonly messages: SourceRange; readonly model?: SourceRange };
}

/** What reading one file gives. A file that cannot be used has no prompts and at least one error diagnostic. */
export interface PromptFile {
  readonly format: PromptFormat;
  readonly path: string;
  readonly prompts: readonly PromptDocument[];
  readonly diagnostics: readonly Diagnostic[];
  /** Other files that shaped the result (included prompts, test files), absolute: a change of one makes it stale. */
  readonly dependencies: readonly string[];
  /** Defaults of the run that the file sets (promptfoo's evaluateOptions). */
  readonly runDefaults: { readonly concurrency?: number; readonly repeat?: number; readonly cache?: boolean; readonly timeoutMs?: number };
}
