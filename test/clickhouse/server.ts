// ClickHouse's HTTP interface over chdb, as far as Touchstone uses it: the SQL in the body, `param_*` in the address. Run by
// installed.ts in a process of its own: `node server.ts CHDB_FOLDER DATA_FOLDER`; prints its port.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

interface ChdbSession {
  query(sql: string, format: string): string | null;
  queryBind(sql: string, params: Readonly<Record<string, unknown>>, format: string): string | null;
  close(): void;
}

const [chdbFolder = '', dataFolder = ''] = process.argv.slice(2);
const { Session } = createRequire(join(chdbFolder, 'package.json'))('chdb') as { Session: new (path: string) => ChdbSession };
const session = new Session(dataFolder);

const server = createServer((request, response) => {
  if (request.url === '/processor-ms') {
    const { user, system } = process.cpuUsage();
    return void response.end(String((user + system) / 1000));
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const sql = Buffer.concat(chunks).toString();
    const params = new URL(request.url ?? '/', 'http://localhost').searchParams;
    const began = performance.now();
    try {
      // As the server does with readonly=1
      if (params.get('readonly') === '1' && !/^\s*(?:SELECT|WITH|DESCRIBE|SHOW|EXPLAIN)\b/i.test(sql)) throw new Error('Code: 164. DB::Exception: Cannot execute query in readonly mode. (READONLY)');
      const bound = [...sql.matchAll(/\{(\w+):([\w()]+)\}/g)].map(([, name = '', type = '']) => [name, valueOf(params.get(`param_${name}`), type, name)]);
      const result = bound.length === 0 ? session.query(sql, 'JSONEachRow') : session.queryBind(sql, Object.fromEntries(bound) as Record<string, unknown>, 'JSONEachRow');
      response.writeHead(200, { 'content-type': 'application/x-ndjson', 'x-query-ms': String(performance.now() - began) });
      response.end(result ?? '');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const code = /Code: (\d+)\./.exec(message)?.[1] ?? '1001';
      response.writeHead(code === '60' || code === '81' ? 404 : code === '164' ? 403 : 500, { 'content-type': 'text/plain', 'x-clickhouse-exception-code': code });
      response.end(message);
    }
  });
});

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\', t: '\t', n: '\n', r: '\r', 0: '\0' };

/** chdb binds plain values; in an address they are written as in TSV, and lists as in SQL. */
function valueOf(text: string | null, type: string, name: string): string | string[] {
  if (text === null) throw new Error(`Code: 456. DB::Exception: Substitution \`${name}\` is not set. (UNKNOWN_QUERY_PARAMETER)`);
  if (type.startsWith('Array')) return [...text.matchAll(/'((?:[^'\\]|\\.)*)'/g)].map(([, item = '']) => item.replace(/\\(.)/g, '$1'));
  return text.replace(/\\([\\tnr0])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}

server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.on('SIGTERM', () => {
  session.close();
  process.exit(0);
});
