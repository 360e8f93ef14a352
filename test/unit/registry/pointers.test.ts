import { describe, expect, it } from 'vitest';
import type { PointerEvent } from '../../../src/core/registry/model.ts';
import { pointerState } from '../../../src/core/registry/pointers.ts';

/** Movements in a short form: id, action, version, what it follows. They happen in this order. */
function events(...moves: [id: string, action: PointerEvent['action'], version: string | null, after: string][]): PointerEvent[] {
  return moves.map(([id, action, version, after], at) => ({ id, promptId: 'p', environment: 'production', action, version, after: after === '' ? [] : after.split(' '), author: 'Ana', time: new Date(at * 1000).toISOString(), note: '' }));
}
const state = (list: readonly PointerEvent[], damaged: readonly string[] = []): ReturnType<typeof pointerState> => pointerState('production', list, damaged);

describe('a pointer', () => {
  it('that was never moved points nowhere', () => {
    expect(state([])).toMatchObject({ version: null, diverged: false, damaged: false, rollbackTo: null, last: null });
  });

  it('goes back along what it stood on, whatever was rolled back or undone on the way', () => {
    const all = events(['1', 'promote', 'A', ''], ['2', 'promote', 'B', '1'], ['3', 'promote', 'C', '2'], ['4', 'rollback', 'B', '3'], ['5', 'promote', 'D', '4'], ['6', 'undo', 'B', '5'], ['7', 'undo', 'D', '6'], ['8', 'rollback', 'B', '7'], ['9', 'rollback', 'A', '8']);
    const path = all.map((_, at) => state(all.slice(0, at + 1)));
    expect(path.map(({ version }) => version)).toEqual(['A', 'B', 'C', 'B', 'D', 'B', 'D', 'B', 'A']);
    expect(path.map(({ rollbackTo }) => rollbackTo)).toEqual([null, 'A', 'B', 'A', 'B', 'A', 'B', 'A', null]);
    expect(path.map(({ undoTo }) => undoTo)).toEqual([null, 'A', 'B', 'C', 'B', 'D', 'B', 'D', 'B']);
  });

  it('does not depend on the order in which its movements are read', () => {
    const all = events(['1', 'promote', 'A', ''], ['2', 'promote', 'B', '1'], ['3', 'rollback', 'A', '2']);
    expect(state([...all].reverse())).toEqual(state(all));
  });

  it('that two branches moved apart points nowhere until a movement follows both, and then goes back on the side that was chosen', () => {
    const apart = events(['1', 'promote', 'A', ''], ['2', 'promote', 'B', '1'], ['3', 'promote', 'C', '1']);
    expect(state(apart)).toMatchObject({ version: null, diverged: true, last: null, rollbackTo: null });
    const decided = [...apart, ...events(['4', 'promote', 'B', '2 3'])].map((event, at) => ({ ...event, time: new Date(at * 1000).toISOString() }));
    expect(state(decided)).toMatchObject({ version: 'B', diverged: false, rollbackTo: 'A' });
    expect(state(decided)).not.toHaveProperty('undoTo');
  });

  it('that two branches moved to the same version is not apart', () => {
    expect(state(events(['1', 'promote', 'A', ''], ['2', 'promote', 'B', '1'], ['3', 'promote', 'B', '1']))).toMatchObject({ version: 'B', diverged: false, rollbackTo: 'A' });
  });

  it('whose last movement cannot be read is not where the one before led', () => {
    const all = events(['1', 'promote', 'A', ''], ['3', 'promote', 'C', '2']);
    expect(state(all.slice(0, 1), ['2'])).toMatchObject({ version: null, damaged: true });
    // Followed by another one it no longer matters, but there is no way to take that back.
    expect(state(all, ['2'])).not.toHaveProperty('undoTo');
  });

  it('is not rolled back to nowhere', () => {
    const all = events(['1', 'promote', 'A', ''], ['2', 'clear', null, '1'], ['3', 'promote', 'B', '2']);
    expect(state(all.slice(0, 2))).toMatchObject({ version: null, rollbackTo: 'A', diverged: false });
    expect(state(all)).toMatchObject({ version: 'B', rollbackTo: 'A' });
  });

  it('has a history of any length', () => {
    const many = events(...Array.from({ length: 20_000 }, (_, at): [string, 'promote', string, string] => [String(at), 'promote', `v${at}`, at === 0 ? '' : String(at - 1)]));
    expect(state(many)).toMatchObject({ version: 'v19999', rollbackTo: 'v19998' });
  });
});
