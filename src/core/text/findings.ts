import type { Diagnostic } from './diagnostic.ts';
import type { SourceRange } from './position.ts';

/** Collects what is wrong with a file while it is read, so that one pass tells everything. */
export class Findings {
  readonly list: Diagnostic[] = [];
  readonly #file: string | undefined;

  /** `file`: set on every finding, for files other than the one that is being read. */
  constructor(file?: string) {
    this.#file = file;
  }

  get failed(): boolean {
    return this.list.some((finding) => finding.severity === 'error');
  }

  error(code: string, message: string, range: SourceRange): void {
    this.#add('error', code, message, range);
  }

  warning(code: string, message: string, range: SourceRange): void {
    this.#add('warning', code, message, range);
  }

  information(code: string, message: string, range: SourceRange): void {
    this.#add('information', code, message, range);
  }

  addAll(findings: readonly Diagnostic[]): void {
    for (const finding of findings) this.list.push(finding);
  }

  #add(severity: Diagnostic['severity'], code: string, message: string, range: SourceRange): void {
    this.list.push({ severity, code, message, range, ...(this.#file === undefined ? {} : { file: this.#file }) });
  }
}
