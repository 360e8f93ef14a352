import { FACETS } from '../../core/trace/store/facets.ts';
import { numbersOfTrace, ORIGINS } from '../../core/trace/store/numbers.ts';
import { SPAN_FLAGS, SPAN_KINDS } from '../../core/trace/skeleton.ts';
import type { Database } from './database.ts';

/** A trace whose calls have not been looked at, or not with the prompts as they are now. */
export interface UnmatchedTrace {
  readonly trace: number;
  readonly traceId: string;
  readonly revision: number;
}

/** The prompt of one call, as it is kept. */
export interface CallPrompt {
  /** `span.n` */
  readonly span: number;
  readonly promptId: string;
  /** Hash; `working` where no version has this content, empty where it is not known which. */
  readonly version: string;
  /** Shown with the prompt's name where people search: `v7`. */
  readonly versionName: string | null;
  /** The app named it by this id, so that people found the trace by it before. */
  readonly said: boolean;
  /** What people and programs said of the call. */
  readonly scores: readonly { readonly name: string; readonly value: number }[];
}

export interface Feedback {
  readonly name: string;
  readonly count: number;
  readonly mean: number;
}

export interface CallUse {
  readonly version: string;
  readonly startNs: string;
  /** Milliseconds; `null`: running. */
  readonly durationMs: number | null;
  readonly failed: boolean;
  readonly cost: number | null;
}

/** Newest traces that are looked at: what production does now, and a bound on the work after a prompt was changed. */
export const MOST_TRACES = 5000;
/** Calls of one prompt that are counted. */
const MOST_CALLS = 100_000;

const LLM = SPAN_KINDS.indexOf('llm');
const EVAL = ORIGINS.indexOf('eval');
const PROMPT = FACETS.indexOf('prompt');
const FAILED = SPAN_FLAGS.error | SPAN_FLAGS.hiddenError;

/**
 * Which prompt made which call, kept beside the spans so that a prompt's use is counted without reading what was said. Traces of evals
 * are left out: they are no use.
 */
export class CallPrompts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The newest first. `templates`: names the prompts as they are now; what was matched with others is matched again. */
  unmatched(templates: string, limit: number): UnmatchedTrace[] {
    return this.#unmatchedOf(`LIMIT ${MOST_TRACES}`, templates, limit);
  }

  /** How many older ones are as little known, and are not looked at; counted no further than `limit`. */
  older(templates: string, limit: number): number {
    return this.#unmatchedOf(`LIMIT -1 OFFSET ${MOST_TRACES}`, templates, limit).length;
  }

  #unmatchedOf(which: string, templates: string, limit: number): UnmatchedTrace[] {
    return this.#database
      .prepare(
        `SELECT t.n AS trace, lower(hex(t.id)) AS traceId, t.revision FROM (SELECT n, id, revision, llm_calls FROM trace WHERE origin <> ${EVAL} ORDER BY start_ns DESC ${which}) t
           LEFT JOIN call_prompt_seen s ON s.trace = t.n
          WHERE t.llm_calls > 0 AND (s.trace IS NULL OR s.revision <> t.revision OR s.templates <> ?) LIMIT ?`,
      )
      .all(templates, limit) as UnmatchedTrace[];
  }

  pending(templates: string): number {
    return this.unmatched(templates, MOST_TRACES).length;
  }

  /** Calls of a model in a trace: numbers and ids, in the order of their arrival. */
  calls(trace: number, limit: number): { readonly n: number; readonly spanId: string }[] {
    const { first, last } = numbersOfTrace(trace);
    return this.#database.prepare(`SELECT n, printf('%016x', id) AS spanId FROM span WHERE n BETWEEN ? AND ? AND kind = ${LLM} LIMIT ?`).all(first, last, limit) as { n: number; spanId: string }[];
  }

  /**
   * Keeps what was found out about a trace, in place of what was known of it; people find the trace by its prompts. Waits for nobody.
   * @throws SqliteError 'SQLITE_BUSY' while somebody else writes
   */
  keep({ trace, revision }: UnmatchedTrace, templates: string, calls: readonly CallPrompt[]): void {
    this.#writeNow(() => {
        const { first, last } = numbersOfTrace(trace);
        const before = this.#database.prepare('SELECT DISTINCT prompt, version_name FROM call_prompt WHERE span BETWEEN ? AND ? AND said = 0').all(first, last) as { prompt: string; version_name: string | null }[];
        const unfacet = this.#database.prepare(`DELETE FROM trace_facet WHERE key = ${PROMPT} AND trace = ? AND value = (SELECT n FROM trace_text WHERE text = ?)`);
        // What the app says of a call of this trace stays: that came with the trace, and no look at texts takes it away.
        const said = this.#database.prepare('SELECT DISTINCT prompt, version_name FROM call_prompt WHERE span BETWEEN ? AND ? AND said = 1').all(first, last) as typeof before;
        const kept = new Set(said.flatMap(({ prompt, version_name: version }) => namesOf(prompt, version)));
        for (const { prompt, version_name: version } of before) for (const text of namesOf(prompt, version)) if (!kept.has(text)) unfacet.run(trace, text);
        for (const table of ['call_prompt', 'call_score']) this.#database.prepare(`DELETE FROM ${table} WHERE span BETWEEN ? AND ?`).run(first, last);
        // A trace that was deleted meanwhile must leave nothing behind.
        if (this.#database.prepare('SELECT 1 FROM trace WHERE n = ?').get(trace) === undefined) return;
        const insert = this.#database.prepare('INSERT INTO call_prompt (span, prompt, version, version_name, said) VALUES (?, ?, ?, ?, ?)');
        const text = this.#database.prepare('INSERT INTO trace_text (text) VALUES (?) ON CONFLICT (text) DO NOTHING');
        const facet = this.#database.prepare(`INSERT INTO trace_facet (key, value, trace) SELECT ${PROMPT}, n, ? FROM trace_text WHERE text = ? ON CONFLICT DO NOTHING`);
        const score = this.#database.prepare('INSERT INTO call_score (span, name, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
        for (const { span, promptId, version, versionName, said, scores } of calls) {
          insert.run(span, promptId, version, versionName, said ? 1 : 0);
          for (const { name, value } of scores) score.run(span, name, value);
          for (const name of namesOf(promptId, versionName)) {
            text.run(name);
            facet.run(trace, name);
          }
        }
        this.#database.prepare('INSERT INTO call_prompt_seen (trace, revision, templates) VALUES (?, ?, ?) ON CONFLICT (trace) DO UPDATE SET revision = excluded.revision, templates = excluded.templates').run(trace, revision, templates);
    });
  }

  /** One transaction, without the wait for others that would hold up whatever else this thread does. */
  #writeNow(write: () => void): void {
    const before = this.#database.pragma('busy_timeout', { simple: true }) as number;
    this.#database.pragma('busy_timeout = 0');
    try {
      this.#database.transaction(write).immediate();
    } finally {
      this.#database.pragma(`busy_timeout = ${before}`);
    }
  }

  /** Calls of a prompt that began since then, newest first. Spans of a deleted trace are there for a while: they count no more. */
  uses(promptId: string, sinceNs: string): CallUse[] {
    const rows = this.#database
      .prepare(
        `SELECT c.version, CAST(s.start_ns AS TEXT) AS startNs, (s.end_ns - s.start_ns) / 1e6 AS durationMs, s.flags & ${FAILED} AS failed, s.cost
           FROM call_prompt c JOIN span s ON s.n = c.span JOIN trace t ON t.n = s.trace WHERE c.prompt = ? AND s.start_ns >= CAST(? AS INTEGER) ORDER BY s.start_ns DESC LIMIT ${MOST_CALLS}`,
      )
      .all(promptId, sinceNs) as (Omit<CallUse, 'failed'> & { failed: number })[];
    return rows.map((row) => ({ ...row, failed: row.failed !== 0 }));
  }

  feedback(promptId: string, sinceNs: string): Feedback[] {
    return this.#database
      .prepare(
        `SELECT f.name, count(*) AS count, avg(f.value) AS mean FROM call_prompt c JOIN span s ON s.n = c.span JOIN trace t ON t.n = s.trace JOIN call_score f ON f.span = c.span
          WHERE c.prompt = ? AND s.start_ns >= CAST(? AS INTEGER) GROUP BY f.name ORDER BY count DESC LIMIT 20`,
      )
      .all(promptId, sinceNs) as Feedback[];
  }

  /** Rows whose traces were deleted: a few at a time. @throws SqliteError 'SQLITE_BUSY' while somebody else writes */
  prune(limit: number): number {
    const gone = this.#database.prepare('SELECT s.trace FROM call_prompt_seen s LEFT JOIN trace t ON t.n = s.trace WHERE t.n IS NULL LIMIT ?').pluck().all(limit) as number[];
    if (gone.length === 0) return 0;
    this.#writeNow(() => {
        for (const trace of gone) {
          const { first, last } = numbersOfTrace(trace);
          for (const table of ['call_prompt', 'call_score']) this.#database.prepare(`DELETE FROM ${table} WHERE span BETWEEN ? AND ?`).run(first, last);
          this.#database.prepare('DELETE FROM call_prompt_seen WHERE trace = ?').run(trace);
        }
      });
    return gone.length;
  }
}

function namesOf(promptId: string, version: string | null): string[] {
  return version === null ? [promptId] : [promptId, `${promptId}@${version}`];
}
