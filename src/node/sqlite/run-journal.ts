import type { Statement } from 'better-sqlite3';
import type { AttemptEnd, RunJournal } from '../../core/eval/journal.ts';
import type { CellKey, CellResult } from '../../core/eval/model.ts';
import type { TouchstoneError } from '../../core/errors.ts';
import { cellOrdinal, type RunShape } from '../../core/eval/ordinal.ts';
import { cellMetrics, type CellMetrics } from '../../core/eval/summary.ts';
import type { ModelReply } from '../../core/model/model.ts';
import type { Database } from './database.ts';
import { digestOf } from './output-digest.ts';
import { redactedJson } from './redact-json.ts';
import type { WriteQueue } from './write-queue.ts';

const PREVIEW_LENGTH = 200;

export interface JournalOptions {
  readonly database: Database;
  readonly queue: WriteQueue;
  /** `run.n` */
  readonly run: number;
  /** Whether another process has taken the run. */
  readonly lost: () => TouchstoneError | undefined;
  readonly shape: RunShape;
  /** Takes known secrets out of everything that is stored. */
  readonly redact: (text: string) => string;
}

/** The journal of one run in SQLite. */
export class SqliteRunJournal implements RunJournal {
  readonly #options: JournalOptions;
  readonly #statements: ReturnType<typeof prepare>;
  /** Ordinals whose result waits for its commit. */
  readonly #finishing = new Set<number>();
  /** Commits that failed before this journal: another run's, and no matter of this one. */
  readonly #failuresBefore: number;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#failuresBefore = options.queue.failures;
    this.#statements = prepare(options.database);
  }

  findReply(replyKey: string): ModelReply | undefined {
    const text = this.#statements.findReply.get(Buffer.from(replyKey, 'hex'));
    return typeof text === 'string' ? (JSON.parse(text) as ModelReply) : undefined;
  }

  keepReply(replyKey: string, reply: ModelReply): Promise<void> {
    this.#options.queue.add(() => this.#writeReply(replyKey, null, reply));
    return this.#options.queue.committed();
  }

  holdReply(key: CellKey, replyKey: () => string, reply: ModelReply): Promise<void> {
    const ordinal = this.#ordinal(key);
    this.#options.queue.add(() => {
      // Its result is in the same transaction and says all that resuming needs.
      if (!this.#finishing.has(ordinal)) this.#writeReply(replyKey(), this.#options.run, reply);
    });
    return this.#options.queue.committed();
  }

  #writeReply(replyKey: string, run: number | null, reply: ModelReply): void {
    this.#statements.keepReply.run(Buffer.from(replyKey, 'hex'), run, redactedJson(reply, this.#options.redact), Date.now());
  }

  attemptStarted(key: CellKey, number: number, at: number): void {
    const ordinal = this.#ordinal(key);
    this.#options.queue.add(() => this.#statements.attemptStarted.run(this.#options.run, ordinal, number, at));
  }

  attemptEnded(key: CellKey, number: number, end: AttemptEnd): void {
    const ordinal = this.#ordinal(key);
    const message = end.error === null ? null : this.#options.redact(end.error.message);
    const usage = end.usage === null ? null : JSON.stringify(end.usage);
    this.#options.queue.add(() =>
      this.#statements.attemptEnded.run(end.at, end.outcome, end.error?.code ?? null, message, usage, this.#options.run, ordinal, number),
    );
  }

  cellFinished(result: CellResult): Promise<void> {
    const { run, redact } = this.#options;
    const ordinal = this.#ordinal(result);
    const text = redact(result.error?.message ?? (typeof result.output === 'string' ? result.output : JSON.stringify(result.output) ?? ''));
    const { caseIndex: _case, modelIndex: _model, repeat: _repeat, caseId: _id, ...body } = result;
    const json = redactedJson(body, redact);
    const metrics = cellMetrics(result.assertions, result.namedScores);
    // A result without an answer that counts is tried again when the run resumes: its answer must be there.
    if (result.error === null) this.#finishing.add(ordinal);
    this.#options.queue.add(() => {
      this.#finishing.delete(ordinal);
      const preview = firstLine(text);
      const isMultiline = text.trim().includes('\n');
      this.#statements.cell.run(
        run,
        ordinal,
        result.error?.code ?? null,
        result.pass === null ? null : Number(result.pass),
        result.score,
        result.latencyMs,
        result.cost,
        whole(result.usage?.input),
        whole(result.usage?.cachedInput),
        whole(result.usage?.output),
        whole(result.usage?.reasoning),
        Number(result.cached),
        result.attempts,
        preview,
        Number(isMultiline),
        metrics === null ? null : redactedJson(metrics satisfies CellMetrics, redact),
        result.error === null ? digestOf(text, preview, isMultiline) : null,
      );
      this.#statements.cellBody.run(run, ordinal, json);
    });
    return this.#options.queue.committed();
  }

  spent(usd: number): void {
    this.#options.queue.add(() => this.#statements.spent.run(usd, this.#options.run));
  }

  readCell(key: CellKey): CellResult | undefined {
    this.#options.queue.commit();
    const row = this.#statements.readCell.get(this.#options.run, this.#ordinal(key)) as { json: string } | undefined;
    if (row === undefined) return undefined;
    return { ...(JSON.parse(row.json) as CellResult), caseId: this.#caseId(key.caseIndex), caseIndex: key.caseIndex, modelIndex: key.modelIndex, repeat: key.repeat };
  }

  async flush(): Promise<void> {
    this.#options.queue.commit();
    const failure = this.failure();
    if (failure !== undefined) throw failure;
  }

  failure(): TouchstoneError | undefined {
    return this.#options.queue.failureSince(this.#failuresBefore) ?? this.#options.lost();
  }

  #caseId(caseIndex: number): string {
    const id = this.#statements.caseId.get(this.#options.run, caseIndex);
    return typeof id === 'string' ? id : '';
  }

  #ordinal(key: CellKey): number {
    return cellOrdinal(key, this.#options.shape);
  }
}

function prepare(database: Database): Record<'findReply' | 'keepReply' | 'attemptStarted' | 'attemptEnded' | 'cell' | 'cellBody' | 'readCell' | 'caseId' | 'spent', Statement> {
  return {
    findReply: database.prepare('SELECT reply FROM response WHERE key = ?').pluck(),
    keepReply: database.prepare(
      'INSERT INTO response (key, run, reply, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET run = excluded.run, reply = excluded.reply, created_at = excluded.created_at',
    ),
    attemptStarted: database.prepare("INSERT OR REPLACE INTO attempt (run, ordinal, number, started_at, outcome) VALUES (?, ?, ?, ?, 'open')"),
    attemptEnded: database.prepare('UPDATE attempt SET ended_at = ?, outcome = ?, error_code = ?, error_message = ?, usage = ? WHERE run = ? AND ordinal = ? AND number = ?'),
    cell: database.prepare(
      `INSERT OR REPLACE INTO cell (run, ordinal, error_code, pass, score, latency_ms, cost, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cached, attempts, preview, multiline, metrics, output_digest)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    cellBody: database.prepare('INSERT OR REPLACE INTO cell_body (run, ordinal, json) VALUES (?, ?, ?)'),
    spent: database.prepare('UPDATE run SET spent_usd = ? WHERE n = ?'),
    readCell: database.prepare('SELECT json FROM cell_body WHERE run = ? AND ordinal = ?'),
    caseId: database.prepare('SELECT case_id FROM run_case WHERE run = ? AND case_index = ?').pluck(),
  };
}

/** Programs report tokens as they like: a share, or a number that no column holds, is no reason to lose the cell. */
function whole(tokens: number | null | undefined): number | null {
  return tokens === null || tokens === undefined || Number.isNaN(tokens) ? null : Math.min(Math.round(tokens), Number.MAX_SAFE_INTEGER);
}

/** A line that opens data or code, `{`, `[` or a fence: it tells nothing of what follows. */
const OPENING = /^(?:[^\p{L}\p{N}]{0,8}|(?:```|~~~)[\w+-]{0,20})$/u;
/** White space of data that is set with indentation is left out of a preview: so much text fills it. */
const LOOKED_AT = 4;

/** Enough for a row of a grid, whatever the output's size: the first line, and of data that is set in lines what follows on them. */
export function firstLine(text: string): string {
  const trimmed = text.trimStart();
  const end = trimmed.indexOf('\n');
  const line = trimmed.slice(0, Math.min(PREVIEW_LENGTH, end < 0 ? PREVIEW_LENGTH : end)).trimEnd();
  if (end < 0 || !OPENING.test(line)) return line;
  return trimmed.slice(0, PREVIEW_LENGTH * LOOKED_AT).replaceAll(/\s+/g, ' ').slice(0, PREVIEW_LENGTH).trimEnd();
}
