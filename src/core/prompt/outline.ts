import type { Role } from '../model/model.ts';
import type { Diagnostic } from '../text/diagnostic.ts';
import type { SourceRange } from '../text/position.ts';
import type { PromptDocument, PromptFormat, VariableUse } from './model.ts';

/** What an editor shows of a prompt without reading another file. */
export interface PromptOutline {
  readonly name: string;
  readonly ranges: PromptDocument['ranges'];
  readonly messages: readonly { readonly role: Role; readonly range: SourceRange; readonly contentRange: SourceRange; readonly text: string }[];
  /** Ids as written, in order. */
  readonly models: readonly string[];
  readonly variables: readonly VariableUse[];
  /** Dataset files that the text names, as written. */
  readonly golden: { readonly paths: readonly string[]; readonly range: SourceRange } | null;
  /** Cases that stand in this text. */
  readonly cases: readonly { readonly id: string; readonly range: SourceRange; readonly expectedRange?: SourceRange }[];
}

export interface PromptOutlineFile {
  readonly format: PromptFormat;
  readonly path: string;
  readonly prompts: readonly PromptOutline[];
  readonly diagnostics: readonly Diagnostic[];
}
