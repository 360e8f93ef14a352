import * as v from 'valibot';

/** What survives a reload of the panel: where the person was looking. */
export interface ViewState {
  /** Hash of the version that is selected; `null`: the newest. */
  readonly selected: string | null;
  /** Dataset and model whose scores are drawn; `null`: those of the newest run. */
  readonly series: string | null;
  /** Versions of the Git history are listed, too. */
  readonly git: boolean;
}

const schema = v.object({
  selected: v.fallback(v.nullable(v.string()), null),
  series: v.fallback(v.nullable(v.string()), null),
  git: v.fallback(v.boolean(), true),
});

/** Takes what VS Code kept, also from an older build. */
export function decodeViewState(kept: unknown): ViewState {
  const parsed = v.safeParse(schema, kept ?? {});
  return parsed.success ? parsed.output : v.parse(schema, {});
}
