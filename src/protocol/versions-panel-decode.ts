import * as v from 'valibot';
import { summary } from './cell-decode.ts';
import type { VersionScore, VersionSummary } from './registry.ts';
import { decode } from './rpc-peer.ts';
import type { ShownVersions, VersionsPanelMethods } from './versions-panel.ts';

/** Decoders of what reaches the panel of versions. */
type Schema<T> = v.GenericSchema<unknown, T>;

const text = v.string();
const textOrNull = v.nullable(text);
const nothing: Schema<Record<string, never>> = v.custom<Record<string, never>>(() => true);

const score: Schema<VersionScore> = v.object({ runId: text, startedAt: text, datasetName: textOrNull, datasetHash: text, model: text, own: v.boolean(), summary });

const version: Schema<VersionSummary> = v.object({
  promptId: text, hash: text, number: v.number(), message: text, author: text, time: text, parent: textOrNull, tags: v.array(text), useCase: textOrNull,
  label: text, source: v.picklist(['registry', 'git']), revision: textOrNull, environments: v.array(text), scores: v.array(score),
});

const shown: Schema<ShownVersions> = v.object({
  promptId: text, promptName: text, path: text, versions: v.array(version),
  environments: v.array(v.object({ environment: text, version: textOrNull, diverged: v.array(v.object({ version: textOrNull, label: textOrNull, event: text })) })),
  workingCopy: v.object({ hash: text, version: textOrNull, label: textOrNull, parent: textOrNull }),
});

const results: { readonly [M in keyof VersionsPanelMethods]: Schema<VersionsPanelMethods[M][1]> } = {
  'versions/get': shown, 'versions/diff': nothing, 'versions/compare': nothing, 'versions/promote': nothing, 'versions/restore': nothing, 'versions/save': nothing,
  'open-run': nothing, 'open-prompt': nothing, 'copy': nothing,
};

/** @throws TouchstoneError 'invalid-message' */
export function decodeVersionsPanelResult(method: string, value: unknown): unknown {
  return Object.hasOwn(results, method) ? decode(results[method as keyof VersionsPanelMethods], value) : undefined;
}
