import type { PointerEvent } from './model.ts';

/** Where an environment points, by the movements of its pointer. */
export interface PointerState {
  readonly environment: string;
  /** Movements that none follows; more than one where branches moved the pointer apart. Of a damaged one only the id is known. */
  readonly tips: readonly { readonly event: string; readonly version: string | null; readonly damaged: boolean }[];
  /** Hash; `null`: nowhere, or it cannot be told. */
  readonly version: string | null;
  /** Tips point to different versions. */
  readonly diverged: boolean;
  /** The last movement cannot be read. */
  readonly damaged: boolean;
  /** `null`: it was never moved, or that cannot be told. */
  readonly last: PointerEvent | null;
  /** The version that a rollback leads to. */
  readonly rollbackTo: string | null;
  /** Where the pointer stood before the last movement; absent: that movement cannot be taken back. */
  readonly undoTo?: string | null;
}

/** What a pointer stood on, the present version first. A rollback takes the first away. */
interface Standing {
  readonly version: string | null;
  readonly before: Standing | null;
}

/**
 * The state of one environment. Movements form a graph by what they follow; one that was decided between diverged branches follows
 * several. `damaged`: ids of files that are there and cannot be read: unless a later movement follows them, nobody knows where they led.
 */
export function pointerState(environment: string, events: readonly PointerEvent[], damaged: readonly string[] = []): PointerState {
  const known = new Map(events.map((event) => [event.id, event]));
  const followed = new Set(events.flatMap(({ after }) => after));
  const open = events.filter(({ id }) => !followed.has(id)).sort(byTime);
  const unreadable = damaged.filter((id) => !followed.has(id) && !known.has(id));
  const tips = [...open.map(({ id, version }) => ({ event: id, version, damaged: false })), ...unreadable.map((event) => ({ event, version: null, damaged: true }))];
  const versions = new Set(open.map(({ version }) => version));
  const clear = unreadable.length === 0 && versions.size === 1;
  // Two branches that promoted the same version agree.
  const last = clear ? (open.at(-1) ?? null) : null;
  const standing = last === null ? null : standingAfter(last, known);
  const before = last === null || open.length > 1 || last.after.length > 1 ? undefined : (last.after[0] ?? null);
  return {
    environment,
    tips,
    version: last?.version ?? null,
    diverged: versions.size > 1,
    damaged: unreadable.length > 0,
    last,
    rollbackTo: nextVersion(standing?.before ?? null),
    // What was decided between branches is changed by another decision.
    ...(before === undefined || (before !== null && !known.has(before)) ? {} : { undoTo: before === null ? null : (known.get(before)?.version ?? null) }),
  };
}

/** Newest last. */
export function byTime(a: { readonly time: string; readonly id: string }, b: { readonly time: string; readonly id: string }): number {
  return a.time < b.time ? -1 : a.time > b.time ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** A place where the pointer stood nowhere is not rolled back to. */
function nextVersion(standing: Standing | null): string | null {
  for (let at = standing; at !== null; at = at.before) if (at.version !== null) return at.version;
  return null;
}

/** Without recursion: a pointer that moved every day for years has a long history. */
function standingAfter(last: PointerEvent, known: ReadonlyMap<string, PointerEvent>): Standing | null {
  const results = new Map<string, Standing | null>();
  const waiting: PointerEvent[] = [last];
  const entered = new Set<string>();
  for (let event = waiting.at(-1); event !== undefined; event = waiting.at(-1)) {
    const parents = event.after.flatMap((id) => known.get(id) ?? []).sort(byTime);
    // The undone movement's own parent is needed as well; it was computed before it.
    const missing = parents.filter(({ id }) => !results.has(id) && !entered.has(id));
    entered.add(event.id);
    if (missing.length > 0) {
      waiting.push(...missing);
      continue;
    }
    waiting.pop();
    results.set(event.id, standingOf(event, parents, results, known));
  }
  return results.get(last.id) ?? null;
}

function standingOf(event: PointerEvent, parents: readonly PointerEvent[], results: ReadonlyMap<string, Standing | null>, known: ReadonlyMap<string, PointerEvent>): Standing {
  const { action, version } = event;
  // A decision in favour of one branch goes on with that branch's history.
  const parent = parents.find((one) => one.version === version) ?? parents.at(-1);
  const before = parent === undefined ? null : (results.get(parent.id) ?? null);
  if (action === 'promote' || action === 'clear') return parent?.version === version && before !== null ? before : { version, before };
  if (action === 'undo' && parent !== undefined) {
    const undone = parent.after.flatMap((id) => known.get(id) ?? []).sort(byTime).at(-1);
    const earlier = undone === undefined ? null : (results.get(undone.id) ?? null);
    return earlier !== null && earlier.version === version ? earlier : { version, before: null };
  }
  // What was written down is what counts, also where it is not the version that the history gives.
  for (let at = before?.before ?? null; at !== null; at = at.before) if (at.version === version) return at;
  return { version, before: null };
}
