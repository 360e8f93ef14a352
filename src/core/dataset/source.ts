import type { FileReader } from '../files.ts';
import type { Diagnostic } from '../text/diagnostic.ts';
import type { CaseIds } from './ids.ts';
import type { Case } from './model.ts';

/** What a dataset's file gives, in its order: a case, or what is wrong with a row. */
export type DatasetItem = { readonly case: Case } | { readonly problem: Diagnostic };

export interface DatasetSource {
  /** Absolute path. */
  readonly file: string;
  readonly files: FileReader;
  /** Folder for `file://` values, absolute. */
  readonly baseDir: string;
  /** Shared by all files of one dataset. */
  readonly ids: CaseIds;
}
