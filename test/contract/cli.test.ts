import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { XMLValidator } from 'fast-xml-parser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** The command as people run it: a process of its own, on the real engine and a real store. */
const root = path.resolve(import.meta.dirname, '../..');
const schema = JSON.parse(readFileSync(path.join(root, 'docs/cli-output.schema.json'), 'utf8')) as { $defs: object };
const ajv = new Ajv2020({ strict: false });
ajvFormats(ajv);
const isEvalDocument = ajv.compile({ $ref: '#/$defs/eval', $defs: schema.$defs });

interface Cell {
  case: string;
  model: string;
  repeat: number;
  output: unknown;
  pass: boolean | null;
  cached: boolean;
  error: { code: string; message: string } | null;
  assertions: { type: string; pass: boolean; reason: string }[];
}
interface Document {
  runs: { run: { id: string; status: string; models: string[] }; summary: Record<string, unknown>; cells: Cell[] }[];
  summary: { cells: number; passed: number; failed: number; errors: number; passRate: number | null };
}
interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

let folder = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'touchstone-cli-'));
});
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(args: readonly string[], given: Readonly<Record<string, string | undefined>> = {}, cwd = folder): { child: ChildProcess; ended: Promise<Ended>; seen: () => Ended } {
  // A key that must appear nowhere, and none that could make a test leave this machine.
  const env = { PATH: process.env['PATH'], HOME: folder, OPENAI_API_KEY: 'sk-test-never-shown-4f1b', ...given };
  const child = spawn(process.execPath, [path.join(root, 'src/cli/main.ts'), ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const seen: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (seen.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (seen.stderr += text));
  // As a shell tells it: a signal that arrives when the process is already being taken down ends it by itself.
  const ended = new Promise<Ended>((resolve) => child.on('close', (code, signal) => resolve({ ...seen, code: signal === 'SIGINT' ? 130 : code })));
  return { child, ended, seen: () => seen };
}
const touchstone = (...args: string[]): Promise<Ended> => start(args).ended;

function documentOf(ended: Ended): Document {
  const document: unknown = JSON.parse(ended.stdout);
  expect(isEvalDocument(document), JSON.stringify(isEvalDocument.errors)).toBe(true);
  return document as Document;
}

function write(name: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
}

const ECHO = `name: Echo
model: echo
messages:
  - { role: user, content: "{{text}}" }
golden: echo.golden.jsonl
assert:
  - { type: contains, value: "{{expected}}" }
`;

function writeEcho(): void {
  write('touchstone.yml', '');
  write('echo.prompt.yml', ECHO);
  write('echo.golden.jsonl', ['{"id":"yes","text":"a card was declined","expected":"card","tags":["clear"]}', '{"id":"env","text":"{{env.HOME}} card","expected":"{{env.HOME}} card","tags":["clear"]}', '{"id":"no","text":"hello","expected":"card","tags":["terse"]}', ''].join('\n'));
}

describe('touchstone eval', () => {
  it('prints a table, exits by what failed, and says why', async () => {
    writeEcho();
    const { code, stdout, stderr } = await touchstone('eval', 'echo.prompt.yml');
    expect([code, stderr]).toEqual([1, expect.stringContaining('Echo: 1 model × 3 cases × 1 repeat = 3 cells')]);
    expect(stdout).toMatch(/echo +66\.7% \[21–94\] +2 of 3/);
    expect(stdout).toMatch(/clear +2 +100%.*\nterse +1 +0%/);
    expect(stdout).toMatch(/1 cell did not pass:\n✗ no {2}hello\n {4}contains: /);
    expect(existsSync(path.join(folder, '.touchstone/.gitignore'))).toBe(true);
  });

  it('prints a valid document and nothing else with --json, and the same of the stored run', async () => {
    writeEcho();
    const ended = await touchstone('eval', '--json');
    expect(ended.code).toBe(1);
    const document = documentOf(ended);
    expect(document.summary).toMatchObject({ cells: 3, passed: 2, failed: 1, errors: 0 });
    expect(document.runs[0]?.cells.map((cell) => [cell.case, cell.pass])).toEqual([['yes', true], ['env', true], ['no', false]]);
    expect(document.runs[0]?.cells[1]?.output).toBe('{{env.HOME}} card');
    const shown = await touchstone('show', 'latest', '--json');
    expect([shown.code, documentOf(shown)]).toEqual([0, document]);
    const { runs } = JSON.parse((await touchstone('runs', '--json')).stdout) as { runs: { run: { id: string } }[] };
    expect(runs.map(({ run }) => run.id)).toEqual([document.runs[0]?.run.id]);
  });

  it('filters, repeats, and counts by threshold', async () => {
    writeEcho();
    const tagged = await touchstone('eval', '--tag', 'clear', '--repeat', '3', '--json');
    expect([tagged.code, documentOf(tagged).summary]).toMatchObject([0, { cells: 6, passed: 6 }]);
    expect(documentOf(tagged).runs[0]?.cells.map((cell) => `${cell.case} ${cell.repeat}`)).toEqual(['yes 0', 'yes 1', 'yes 2', 'env 0', 'env 1', 'env 2']);
    expect((await touchstone('eval', '--threshold', '0.6')).code).toBe(0);
    expect((await touchstone('eval', '--filter', 'nowhere to be found')).code).toBe(2);
    writeFileSync(path.join(folder, 'none.jsonl'), '');
    const none = await touchstone('eval', '--dataset', 'none.jsonl');
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('has no cases. none.jsonl holds none: add one to it.')]);
  });

  it('shows one case with its messages and reasons', async () => {
    writeEcho();
    await touchstone('eval');
    const { code, stdout } = await touchstone('show', 'latest', 'no');
    expect(code).toBe(0);
    expect(stdout).toMatch(/✗ failed {2}no/);
    expect(stdout).toMatch(/user\n {4}hello/);
  });

  it('writes all reports', async () => {
    writeEcho();
    const { stderr } = await touchstone('eval', ...['json', 'xml', 'html', 'csv'].flatMap((ending) => ['--output', `out/report.${ending}`]));
    expect(stderr).toContain('Wrote out/report.xml');
    const read = (ending: string): string => readFileSync(path.join(folder, `out/report.${ending}`), 'utf8');
    expect(isEvalDocument(JSON.parse(read('json')))).toBe(true);
    expect(XMLValidator.validate(read('xml'))).toBe(true);
    expect(read('xml')).toContain('tests="3" failures="1" errors="0"');
    expect(read('html')).toContain("default-src &#39;none&#39;");
    expect(read('csv').split('\r\n')).toHaveLength(5);
  });

  it.each([
    ['a broken prompt file', { 'a.prompt.yml': 'messages:\n  - { role: robot, content: hi }\n' }, ['eval', 'a.prompt.yml'], /a\.prompt\.yml:2:/],
    ['a broken dataset', { 'a.prompt.yml': ECHO.replace('echo.golden', 'bad.golden'), 'bad.golden.jsonl': '{"text":"a","expected":"a"}\n{"text": }\n' }, ['eval', 'a.prompt.yml'], /bad\.golden\.jsonl:2:/],
    ['a file that does not exist', {}, ['eval', 'nowhere.prompt.yml'], /nowhere\.prompt\.yml/],
    ['a model that is not known', { 'a.prompt.yml': ECHO, 'echo.golden.jsonl': '{"text":"a"}\n' }, ['eval', 'a.prompt.yml', '--model', 'nobody:x'], /nobody:x/],
    ['a wrong option', {}, ['eval', '--repeat', 'many'], /whole number/],
    ['a folder without prompts', {}, ['eval'], /./],
  ])('exits with 2 for %s', async (_name, files: Record<string, string>, args, message) => {
    for (const [name, text] of Object.entries(files)) write(name, text);
    const { code, stdout, stderr } = await touchstone(...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('lets a closed pipe end it quietly', async () => {
    writeEcho();
    const { child, ended } = start(['eval', '--json']);
    child.stdout?.destroy();
    const { stderr, code } = await ended;
    expect(stderr).not.toMatch(/EPIPE|Error/);
    expect(code).toBe(1);
  });
});

/** Answers after a while, and writes down every case that it is asked for. */
const SLOW = `
import { appendFileSync } from 'node:fs';
export default class Slow {
  id() { return 'slow'; }
  async callApi(prompt) {
    appendFileSync(new URL('./asked.txt', import.meta.url), prompt + '\\n');
    await new Promise((resolve) => setTimeout(resolve, prompt.includes('quick') ? 1 : 60_000));
    return { output: prompt };
  }
}
`;

describe('prompts that cannot be evaluated', () => {
  it('are all told, each with its place, before anything is evaluated', async () => {
    writeEcho();
    write('broken.prompt.yml', 'name: Broken\nmessages: [\n');
    write('sub/nowhere.prompt.yml', 'name: Nowhere\nmodel: echo\nmessages: [{ role: user, content: a }]\ngolden: missing.jsonl\n');
    write('without.prompt.yml', 'name: Without\nmessages: [{ role: user, content: a }]\ntestData: [{ a: 1 }]\n');
    const { code, stdout, stderr } = await touchstone('eval');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const lines = stderr.trim().split('\n');
    for (const start of ['broken.prompt.yml:', 'sub/', 'without.prompt.yml:']) expect(lines.filter((line) => line.startsWith(start)), stderr).not.toEqual([]);
    expect(stderr).not.toContain('echo.prompt.yml');
    expect((await touchstone('runs')).stdout).not.toContain('Echo');
  });
});

describe('cancelling', () => {
  const asked = (): string[] => (existsSync(path.join(folder, 'asked.txt')) ? readFileSync(path.join(folder, 'asked.txt'), 'utf8').trim().split('\n') : []);
  beforeEach(() => {
    write('touchstone.yml', '');
    write('slow.mjs', SLOW);
    write('slow.prompt.yml', 'name: Slow\nmodel: file:slow.mjs\nmessages:\n  - { role: user, content: "{{text}}" }\ngolden:\n  - { id: a, text: quick one }\n  - { id: b, text: quick two }\n  - { id: c, text: slow three }\n');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('%s keeps what is finished, and --resume does only the rest', async (signal) => {
    const { child, ended } = start(['eval', 'slow.prompt.yml', '--json', '--concurrency', '1']);
    await expect.poll(() => asked().length).toBe(3);
    child.kill(signal);
    const cancelled = await ended;
    expect(cancelled.code).toBe(130);
    const document = documentOf(cancelled);
    expect(document.runs[0]?.cells.map((cell) => cell.case)).toEqual(['a', 'b']);
    const id = document.runs[0]?.run.id ?? '';
    expect(cancelled.stderr).toContain(`touchstone eval --resume ${id}`);
    write('slow.mjs', SLOW.replace("prompt.includes('quick')", 'true'));
    const resumed = await touchstone('eval', '--resume', id, '--json');
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('2 of them finished before')]);
    expect(documentOf(resumed).runs[0]?.cells.map((cell) => cell.output)).toEqual(['quick one', 'quick two', 'slow three']);
    expect(asked()).toEqual(['quick one', 'quick two', 'slow three', 'slow three']);
  });

  it('a second Ctrl+C ends at once', async () => {
    const { child, ended, seen } = start(['eval', 'slow.prompt.yml']);
    await expect.poll(() => asked().length).toBe(3);
    child.kill('SIGINT');
    child.kill('SIGINT');
    // Two signals that arrive together may count as one.
    const again = setInterval(() => child.kill('SIGINT'), 50);
    expect((await ended).code).toBe(130);
    clearInterval(again);
    expect(seen().stderr).toContain('Cancelling');
  });
});

describe('models', () => {
  it('a key that nobody has set is found before the run begins', async () => {
    writeEcho();
    const { code, stdout, stderr } = await start(['eval', '--model', 'openai/gpt-5-mini', '--json'], { OPENAI_API_KEY: undefined }).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe('OpenAI needs a key: set OPENAI_API_KEY with "Touchstone: Set API Key" or in the environment.\n');
    expect((await touchstone('runs')).stderr).toContain('no runs yet');
  });

  it('a model of VS Code is refused before the run begins', async () => {
    writeEcho();
    const { code, stderr } = await touchstone('eval', '--model', 'vscode:copilot/gpt-5');
    expect([code, stderr]).toEqual([2, expect.stringContaining('there are no language models of VS Code here')]);
  });

  it('plain HTTP goes through HTTP_PROXY, also where HTTPS_PROXY names another one', async () => {
    writeEcho();
    const asked: (string | undefined)[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url);
      response.setHeader('content-type', 'text/plain').end('a card');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address() as AddressInfo;
    try {
      const { code } = await start(['eval', '--model', 'http://service.invalid/answer', '--filter', 'declined'], { HTTP_PROXY: `http://127.0.0.1:${address.port}`, HTTPS_PROXY: 'http://127.0.0.1:9' }).ended;
      expect([code, asked]).toEqual([0, ['http://service.invalid/answer']]);
    } finally {
      proxy.close();
    }
  });
});

describe('watching', () => {
  it('evaluates again after a change, also after a mistake, until it is interrupted', async () => {
    writeEcho();
    const { child, ended, seen } = start(['eval', 'echo.prompt.yml', '--watch']);
    await expect.poll(() => seen().stderr).toContain('Waiting for a change');
    write('echo.golden.jsonl', '{"id":"only","text":"a card","expected":"card"}\n');
    await expect.poll(() => seen().stdout).toMatch(/100% \[21–100\] +1 of 1/);
    write('echo.prompt.yml', 'messages: nothing\n');
    await expect.poll(() => seen().stderr).toMatch(/echo\.prompt\.yml:1:/);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });
});

describe('the sample workspace', () => {
  it('is evaluated without an error, and is honestly imperfect', async () => {
    cpSync(path.join(root, 'examples'), path.join(folder, 'examples'), { recursive: true, filter: (source) => !source.endsWith('.touchstone') });
    const ended = await start(['eval', '--json'], {}, path.join(folder, 'examples')).ended;
    const document = documentOf(ended);
    expect(ended.code).toBe(1);
    expect(document.summary.errors).toBe(0);
    const rates = Object.fromEntries(document.runs.map(({ run, summary }) => [(run as unknown as { prompt: string }).prompt, summary['passRate']]));
    expect(rates['prompts/math/gsm8k']).toBe(0.55);
    expect(rates['prompts/support/triage']).toBeGreaterThan(0.5);
    expect(rates['prompts/support/triage']).toBeLessThan(0.85);
    expect(ended.stdout + ended.stderr).not.toContain('sk-test-never-shown');
  });

  it('is better with the descriptions that its README gives', async () => {
    const queues = /```yaml\n((?: {6}- .*\n)+)```/.exec(readFileSync(path.join(root, 'examples/README.md'), 'utf8'))?.[1] ?? '';
    // Both are pasted over the four lines as they stand: indented.
    expect(readFileSync(path.join(root, 'README.md'), 'utf8')).toContain(`\`\`\`yaml\n${queues}\`\`\``);
    const prompt = readFileSync(path.join(root, 'examples/prompts/support/triage.prompt.yml'), 'utf8');
    const better = prompt.replace(/( {6}- .*\n)+/, () => queues);
    expect(better).not.toBe(prompt);
    cpSync(path.join(root, 'examples/prompts/support'), path.join(folder, 'support'), { recursive: true });
    write('support/better.prompt.yml', better);
    const passed = async (file: string): Promise<number> => documentOf(await touchstone('eval', file, '--json')).summary.passed;
    expect([await passed('support/triage.prompt.yml'), await passed('support/better.prompt.yml')]).toEqual([39, 53]);
  });
});
