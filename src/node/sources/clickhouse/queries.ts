import { retryAfterMs } from '../../../core/model/rate-limit-headers.ts';
import { parseKeepingLongIntegers } from '../../../core/trace/parse-json.ts';
import type { Answer } from '../answer.ts';
import type { SourceClient } from '../client.ts';
import { answerError, LOOKED_THROUGH, quotable, SourceError } from '../errors.ts';

/** Values that are bound to the parameters of a query; nothing else of what people write gets into one. */
export type Params = Readonly<Record<string, string | number | readonly string[]>>;

const READONLY_PROFILE = 164;
/** Statuses with which ClickHouse reports its own errors. */
const ERRORS = [400, 401, 403, 404, 408, 413, 417, 429, 500, 501, 503];

/** Queries over ClickHouse's HTTP interface: the SQL in the body, every value a parameter, nothing that writes. */
export class ClickhouseQueries {
  readonly #client: SourceClient;
  readonly #database: string;
  /** The user's own profile is read-only: it may be told nothing else. */
  #mayNotSet = false;

  constructor(client: SourceClient, database: string) {
    this.#client = client;
    this.#database = database;
  }

  /** All rows of a small result. */
  rows(sql: string, params: Params, signal: AbortSignal): Promise<unknown[]> {
    return this.#ask(sql, params, signal, async (answer) => {
      const rows: unknown[] = [];
      for await (const line of answer.lines()) rows.push(this.#rowOf(line));
      return rows;
    });
  }

  /** Rows as they come, in groups: a small one first. What came when it breaks off stands. */
  async *groups(sql: string, params: Params, sizes: readonly [first: number, others: number], signal: AbortSignal): AsyncGenerator<unknown[]> {
    const answer = await this.#ask(sql, params, signal, (found) => Promise.resolve(found));
    let rows: unknown[] = [];
    let [size] = sizes;
    for await (const line of answer.lines()) {
      rows.push(this.#rowOf(line));
      if (rows.length < size) continue;
      yield rows;
      rows = [];
      [, size] = sizes;
    }
    if (rows.length > 0) yield rows;
  }

  async #ask<T>(sql: string, params: Params, signal: AbortSignal, read: (answer: Answer) => Promise<T>): Promise<T> {
    const settings = this.#mayNotSet ? {} : { readonly: 1, cancel_http_readonly_queries_on_client_close: 1 };
    const bound = Object.fromEntries(Object.entries(params).map(([name, value]) => [`param_${name}`, textOf(value)]));
    try {
      return await this.#client.query({ path: '/', params: { database: this.#database, default_format: 'JSONEachRow', ...settings, ...bound }, accept: '*/*', signal, expect: ERRORS }, sql, async (answer) => {
        if (answer.status >= 400) throw this.#failure(answer.status, Number(answer.header('x-clickhouse-exception-code') ?? 0), await answer.beginning(), retryAfterMs((name) => answer.header(name), Date.now()));
        return read(answer);
      });
    } catch (error) {
      if (this.#mayNotSet || !(error instanceof ReadonlyProfile)) throw error;
      this.#mayNotSet = true;
      return this.#ask(sql, params, signal, read);
    }
  }

  #rowOf(line: Uint8Array): unknown {
    const text = new TextDecoder().decode(line);
    const parsed = parseKeepingLongIntegers(text);
    // An error in the middle of an answer comes as a last line of its own.
    const exception = 'value' in parsed ? exceptionIn(parsed.value) : /Code: \d+\. DB::Exception/.test(text) || text.startsWith('__exception__') ? text : null;
    if (exception !== null) throw this.#failure(500, Number(/Code: (\d+)\./.exec(exception)?.[1] ?? 0), exception);
    if ('value' in parsed) return parsed.value;
    throw answerError('sent a line that is no JSON, or half of one', text.slice(0, LOOKED_THROUGH), this.#client.subject);
  }

  #failure(status: number, headerCode: number, body: string, wait: number | null = null): SourceError {
    const { subject } = this.#client;
    const code = headerCode || Number(/Code: (\d+)\./.exec(body)?.[1] ?? 0);
    const said = quotable((/DB::Exception: ([^\n]+)/.exec(body)?.[1] ?? '').replace(/\s*\(version .*$/, ''), subject);
    const who = `ClickHouse at ${subject.host} (source "${subject.name}")`;
    const tail = said === '' ? '' : ` It says: “${said}”`;
    const keys = subject.secrets.length === 0 ? '' : ` Check ${subject.secrets.join(' and ')}, and "user" in touchstone.yml.`;
    switch (code) {
      case READONLY_PROFILE: return new ReadonlyProfile('source-request', `${who}: its user may not change settings.`, { status });
      case 60: case 81: return new SourceError('not-found', `${who} has no such table or database: name them with "database" and "table" in touchstone.yml.${tail}`, { status: 404 });
      case 192: case 193: case 194: case 516: return new SourceError('unauthorized', `${who} does not accept the user or password.${keys}`, { status: 401 });
      case 497: return new SourceError('unauthorized', `${who}: its user may not read the table: GRANT SELECT on it.${tail}`, { status: 403 });
      case 159: case 160: case 209: return new SourceError('timeout', `${who} gave up the query for its length: ask for a shorter time (after:-1d).${tail}`, { status });
      case 158: case 241: case 307: case 396: return new SourceError('source-request', `${who} may not read so much for one query: ask for a shorter time (after:-1d).${tail}`, { status });
      case 202: return new SourceError('rate-limited', `${who} has too many queries at once: try again.`, { temporary: true, status: 429, retryAfterMs: wait });
      case 0:
        if (status === 401 || status === 403) return new SourceError('unauthorized', `${who} refused access (${status}).${keys}`, { status });
        if (status === 429) return new SourceError('rate-limited', `${who} limits the rate (429): try again later.`, { temporary: true, status, retryAfterMs: wait });
        if (status === 404) return new SourceError('not-found', `${who} answers 404: "url" in touchstone.yml is not the address of its HTTP interface (port 8123 or 8443).`, { status });
        return new SourceError(status >= 500 ? 'source-server' : 'source-request', `${who} failed (${status}): try again later.`, { temporary: status >= 500 && status !== 501, status });
      default: return new SourceError('source-request', `${who} refused the query (${code}).${tail}`, { status });
    }
  }
}

class ReadonlyProfile extends SourceError {}

function exceptionIn(value: unknown): string | null {
  return typeof value === 'object' && value !== null && 'exception' in value && typeof value.exception === 'string' && Object.keys(value).length === 1 ? value.exception : null;
}

/** As ClickHouse reads parameters: texts are escaped as in TSV, lists are written as they stand in SQL. */
function textOf(value: string | number | readonly string[]): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escaped(value);
  return `[${value.map((item) => `'${item.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`).join(',')}]`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\0', '\\0');
}
