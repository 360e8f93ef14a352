import { errorMessage } from '../../errors.ts';
import { isObject } from '../../json.ts';
import type { AssertionSpec } from '../model.ts';
import { binary, CheckError, quote, type Evaluate } from '../outcome.ts';

interface SqlParser {
  parse(sql: string, options: { database: string }): { tableList: string[]; columnList: string[]; ast: unknown };
}
interface SqlModule {
  readonly Parser: new () => SqlParser;
}

/** One dialect's grammar is a quarter of a megabyte, so only the one asked for is loaded. */
const DIALECTS: Readonly<Record<string, () => Promise<unknown>>> = {
  mysql: () => import('node-sql-parser/build/mysql.js'),
  mariadb: () => import('node-sql-parser/build/mariadb.js'),
  postgresql: () => import('node-sql-parser/build/postgresql.js'),
  sqlite: () => import('node-sql-parser/build/sqlite.js'),
  bigquery: () => import('node-sql-parser/build/bigquery.js'),
  transactsql: () => import('node-sql-parser/build/transactsql.js'),
  snowflake: () => import('node-sql-parser/build/snowflake.js'),
  redshift: () => import('node-sql-parser/build/redshift.js'),
  athena: () => import('node-sql-parser/build/athena.js'),
  db2: () => import('node-sql-parser/build/db2.js'),
  flinksql: () => import('node-sql-parser/build/flinksql.js'),
  hive: () => import('node-sql-parser/build/hive.js'),
  noql: () => import('node-sql-parser/build/noql.js'),
  trino: () => import('node-sql-parser/build/trino.js'),
};
const OTHER_NAMES: Readonly<Record<string, string>> = { postgres: 'postgresql', postgre: 'postgresql', mssql: 'transactsql', sqlserver: 'transactsql', tsql: 'transactsql' };

interface SqlRules {
  readonly database: string;
  readonly tables: readonly string[] | null;
  readonly columns: readonly string[] | null;
}

export const isSql: Evaluate = async (spec, { output }) => {
  const rules = readRules(spec);
  const flaw = await sqlFlaw(output, rules);
  return binary(flaw === null, flaw ?? `The output is ${rules.database} SQL.`);
};

/** A fenced block is looked at where there is one, else the whole output. */
export const containsSql: Evaluate = async (spec, { output }) => {
  const rules = readRules(spec);
  const blocks = [...output.matchAll(/```[^\n`]*\n([^]*?)```/gu)].map((match) => match[1] ?? '');
  let first: string | null = null;
  for (const sql of blocks.length === 0 ? [output] : blocks) {
    const flaw = await sqlFlaw(sql, rules);
    if (flaw === null) return binary(true, `The output contains ${rules.database} SQL.`);
    first ??= flaw;
  }
  return binary(false, first ?? 'The output contains no SQL.');
};

/** What is wrong with one text of SQL; `null` when it parses and touches only what is allowed. */
async function sqlFlaw(text: string, rules: SqlRules): Promise<string | null> {
  const sql = text.trim();
  if (sql === '') return 'There is no SQL in it.';
  const parser = await loadParser(rules.database);
  let parsed: ReturnType<SqlParser['parse']>;
  try {
    parsed = parser.parse(sql, { database: rules.database });
  } catch (error) {
    return `${quote(sql)} is not ${rules.database} SQL: ${quote(errorMessage(error), 120)}.`;
  }
  if (Array.isArray(parsed.ast) ? parsed.ast.length === 0 : !isObject(parsed.ast)) return 'There is no statement in it.';
  const table = rules.tables === null ? undefined : parsed.tableList.find((used) => !isAllowed(used, rules.tables ?? []));
  if (table !== undefined) return `The SQL uses the table ${lastPart(table)} (${firstPart(table)}), which is not allowed.`;
  const column = rules.columns === null ? undefined : parsed.columnList.find((used) => !isAllowed(used, rules.columns ?? []));
  if (column !== undefined) return `The SQL uses the column ${lastPart(column)} (${firstPart(column)}), which is not allowed.`;
  return null;
}

function readRules({ type, value }: AssertionSpec): SqlRules {
  if (value === undefined || value === null) return { database: 'mysql', tables: null, columns: null };
  if (!isObject(value)) throw new CheckError(`${type} takes databaseType, allowedTables and allowedColumns.`);
  const named = typeof value['databaseType'] === 'string' ? value['databaseType'].toLowerCase().replaceAll(/[^a-z0-9]/gu, '') : 'mysql';
  const database = OTHER_NAMES[named] ?? named;
  if (!Object.hasOwn(DIALECTS, database)) throw new CheckError(`${type} does not know the database ${String(value['databaseType'])}; it knows ${Object.keys(DIALECTS).join(', ')}.`);
  return { database, tables: names(value['allowedTables'], type), columns: names(value['allowedColumns'], type) };
}

function names(value: unknown, type: string): string[] | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  throw new CheckError(`${type} takes lists of names under allowedTables and allowedColumns.`);
}

/**
 * `used` is `action::owner::name`, as node-sql-parser lists it. A rule is a plain name, or that form, whose parts are
 * regular expressions (`(select|update)::(.*)::orders`).
 */
function isAllowed(used: string, rules: readonly string[]): boolean {
  return rules.some((rule) => {
    if (!rule.includes('::')) return lastPart(used).toLowerCase() === rule.toLowerCase();
    try {
      return new RegExp(`^${rule}$`, 'iu').test(used);
    } catch (error) {
      throw new CheckError(`The rule ${rule} cannot be read: ${errorMessage(error)}.`);
    }
  });
}

function firstPart(used: string): string {
  return used.split('::')[0] ?? used;
}

function lastPart(used: string): string {
  return used.split('::').at(-1) ?? used;
}

async function loadParser(database: string): Promise<SqlParser> {
  const load = DIALECTS[database];
  if (load === undefined) throw new CheckError(`There is no parser for ${database}.`);
  const module = await load();
  const found = [module, isObject(module) ? module['default'] : undefined].find((candidate): candidate is SqlModule => hasParser(candidate));
  if (found === undefined) throw new CheckError(`The parser for ${database} cannot be loaded.`);
  return new found.Parser();
}

function hasParser(value: unknown): value is SqlModule {
  return isObject(value) && typeof value['Parser'] === 'function';
}
