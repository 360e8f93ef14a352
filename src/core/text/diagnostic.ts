import type { SourceRange } from './position.ts';

/** A finding about a user's file, at the exact place. `code` is stable and shown as `Touchstone(code)`. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'information';
  readonly code: string;
  readonly message: string;
  readonly range: SourceRange;
  /** Absolute path, when the finding is in another file than the one that was read (a dataset, an included prompt). */
  readonly file?: string;
}
