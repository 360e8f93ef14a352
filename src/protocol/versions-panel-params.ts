import * as v from 'valibot';
import type { VersionsPanelMethods } from './versions-panel.ts';

/** For the side that answers: of what the panel of versions asks. */
type Schema<T> = v.GenericSchema<unknown, T>;

const nothing: Schema<Record<string, never>> = v.custom<Record<string, never>>(() => true);
const ref = v.pipe(v.string(), v.maxLength(1000));
const only = v.object({ ref });

export const versionsPanelParams: { readonly [M in keyof VersionsPanelMethods]: Schema<VersionsPanelMethods[M][0]> } = {
  'versions/get': nothing, 'versions/diff': v.object({ ref, with: v.optional(ref) }), 'versions/compare': v.object({ refs: v.pipe(v.array(ref), v.minLength(1), v.maxLength(20)) }),
  'versions/promote': only, 'versions/restore': only, 'versions/save': nothing, 'open-run': v.object({ runId: v.string() }), 'open-prompt': nothing, 'copy': v.object({ text: v.string() }),
};
