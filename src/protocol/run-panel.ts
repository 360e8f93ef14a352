import type { CellKey } from '../core/eval/model.ts';
import type { CellDetail, GridPage, GridView, RunSnapshot } from './engine.ts';

/** A run as its panel shows it. */
export interface ShownRun extends RunSnapshot {
  /** `v2 · 3ccf5d86`: the saved version whose content ran; absent: nobody has saved it. */
  readonly versionLabel?: string;
}

/** What the run panel asks of the extension: method → [parameters, result]. */
export interface RunPanelMethods {
  'run/get': [Record<string, never>, ShownRun];
  'grid/page': [{ readonly view: GridView; readonly from: number; readonly to: number }, GridPage];
  'grid/find': [{ readonly view: GridView; readonly fromRow: number; readonly direction: 1 | -1; readonly what: 'failing' | 'case'; readonly caseIndex?: number }, { readonly row: number; readonly modelIndex: number }];
  'cell/get': [{ readonly key: CellKey }, CellDetail];
  'cell/rerun': [{ readonly caseIndex: number }, Record<string, never>];
  'run/cancel': [Record<string, never>, Record<string, never>];
  'run/again': [Record<string, never>, Record<string, never>];
  'run/resume': [Record<string, never>, Record<string, never>];
  'run/export': [{ readonly format: 'json' | 'xml' | 'html' | 'csv' }, Record<string, never>];
  /** Opens the prompt, the dataset, or one case in an editor. */
  'open': [{ readonly what: 'prompt' | 'dataset' } | { readonly what: 'case'; readonly caseIndex: number }, Record<string, never>];
  /** Writes the output as the case's expectation, after showing what will change; undoable in the editor. */
  'cell/accept': [{ readonly key: CellKey }, Record<string, never>];
  /** Opens expected against output in VS Code's own diff editor. */
  'cell/diff': [{ readonly key: CellKey }, Record<string, never>];
  /** Opens the trace of the cell in a panel of its own. */
  'cell/trace': [{ readonly key: CellKey }, Record<string, never>];
  'copy': [{ readonly text: string }, Record<string, never>];
}

export interface RunPanelNotifications {
  /** A snapshot; the grid asks for its rows again when `revision` grew. */
  'run/changed': { readonly snapshot: ShownRun; readonly revision: number };
}
