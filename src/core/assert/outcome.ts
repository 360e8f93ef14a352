import type { AssertionResult, AssertionSpec, ScoreContext } from './model.ts';

/** What one check found, before `not-`, weight and metric are applied. */
export interface Outcome {
  readonly pass: boolean;
  /** As the check computed it; clamped to 0..1 on the way out. */
  readonly score: number;
  /** A fact about the output ("Contains …", "Distance 3, at most 5 allowed"), so that it reads well under `not-` too. */
  readonly reason: string;
  /** The check itself could not be made. Never turned around by `not-`. */
  readonly error?: string;
  readonly namedScores?: Readonly<Record<string, number>>;
  readonly components?: readonly AssertionResult[];
  readonly cost?: number | null;
  readonly judgeOutput?: string;
}

/** What a check may need beside the output. */
export interface Resources {
  /** Words that mean the same as a lower-case word (METEOR); absent where no WordNet is installed. */
  readonly synonyms?: ((word: string) => ReadonlySet<string>) | undefined;
}

/** A deterministic check. The spec's value is rendered, its `file://` resolved, and the context's output transformed. */
export type Evaluate = (spec: AssertionSpec, context: ScoreContext, resources: Resources) => Outcome | Promise<Outcome>;

/** The check cannot be made with this value or this output: reported as a failed assertion with `error`. */
export class CheckError extends Error {
  override readonly name = 'CheckError';
}

/** 1 for a pass, 0 for a failure. */
export function binary(pass: boolean, reason: string): Outcome {
  return { pass, score: pass ? 1 : 0, reason };
}

export function failedCheck(error: string): Outcome {
  return { pass: false, score: 0, reason: error, error };
}

/** For reasons: quoted, one line, at most `limit` characters. */
export function quote(text: string, limit = 80): string {
  const flat = text.length > limit * 4 ? text.slice(0, limit * 4) : text;
  const line = flat.replace(/\s+/gu, ' ');
  return line.length > limit || flat.length < text.length ? `“${shorten(line, limit)}”` : `“${line}”`;
}

/** At most `limit` UTF-16 units, never ending in half a surrogate pair. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = text.slice(0, limit - 1);
  return `${/[\uD800-\uDBFF]$/u.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** Three significant decimals, without trailing zeros: for reasons, not for computing. */
export function figure(value: number): string {
  return String(Number(value.toFixed(3)));
}
