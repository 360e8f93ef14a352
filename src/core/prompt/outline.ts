import { idsOf } from '../dataset/ids.ts';
import type { Case } from '../dataset/model.ts';
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
  readonly cases: readonly OutlineCase[];
}

export interface OutlineCase {
  readonly range: SourceRange;
  readonly expectedRange?: SourceRange;
  /** Computed when it is first asked for, for all cases of the text. */
  readonly id: string;
}

export interface PromptOutlineFile {
  readonly format: PromptFormat;
  readonly path: string;
  readonly prompts: readonly PromptOutline[];
  readonly diagnostics: readonly Diagnostic[];
}

/** `cases` were read with LaterIds. */
export function outlineCases(cases: readonly Case[]): OutlineCase[] {
  let ids: readonly string[] | null = null;
  return cases.map(({ place }, index) => ({
    range: place.range,
    ...(place.expectedRange ? { expectedRange: place.expectedRange } : {}),
    get id(): string {
      ids ??= idsOf(cases);
      return ids[index] ?? '';
    },
  }));
}
