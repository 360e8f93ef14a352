import { byTime } from './pointers.ts';

/** A prompt was found under one id and is found under another. */
export interface Move {
  readonly id: string;
  readonly time: string;
  readonly from: string;
  readonly to: string;
}

/** The ids under which a prompt is found now (several where branches moved it apart), and all that it ever had. */
export function namesAfter(promptId: string, moves: readonly Move[]): { readonly now: ReadonlySet<string>; readonly ever: ReadonlySet<string> } {
  const now = new Set([promptId]);
  const ever = new Set(now);
  for (const { from, to } of [...moves].sort(byTime)) {
    now.delete(from);
    now.add(to);
    ever.add(from).add(to);
  }
  return { now, ever };
}
