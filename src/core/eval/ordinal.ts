import type { CellKey } from './model.ts';

/** Cells are numbered in the order of cases, then models, then repeats: the order in which they run and are reported. */
export interface RunShape {
  readonly cases: number;
  readonly models: number;
  readonly repeats: number;
}

export function cellCount(shape: RunShape): number {
  return shape.cases * shape.models * shape.repeats;
}

export function cellOrdinal(key: CellKey, shape: RunShape): number {
  return (key.caseIndex * shape.models + key.modelIndex) * shape.repeats + key.repeat;
}

export function cellKeyAt(ordinal: number, shape: RunShape): CellKey {
  const repeat = ordinal % shape.repeats;
  const column = (ordinal - repeat) / shape.repeats;
  const modelIndex = column % shape.models;
  return { caseIndex: (column - modelIndex) / shape.models, modelIndex, repeat };
}
