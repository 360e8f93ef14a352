import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answersByInstruction, CAREFUL, goldenCases, QUICK, triage, triageFiles } from '../fixtures/eval/compared.ts';
import { startFaultServer, type FaultServer } from '../fixtures/servers/fault-server.ts';

/** The command as people run it: a process of its own, on a real store. */
const root = resolve(import.meta.dirname, '../..');
const schema = JSON.parse(readFileSync(join(root, 'docs/cli-output.schema.json'), 'utf8')) as { $defs: object };
const isCompareDocument = new Ajv2020({ strict: false }).compile({ $ref: '#/$defs/compare', $defs: schema.$defs });

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
let model: FaultServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-cli-compare-'));
  model = await startFaultServer({ answer: answersByInstruction });
  const tags = (i: number): { tags: string[] } => ({ tags: [i % 2 === 0 ? 'even' : 'odd'] });
  for (const [name, text] of Object.entries(triageFiles(model.url, goldenCases(60, tags)))) write(name, text);
});
afterEach(async () => {
  await model.stop();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function start(args: readonly string[]): { readonly child: ReturnType<typeof spawn>; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [join(root, 'src/cli/main.ts'), ...args], { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder, TEST_KEY: 'sk-test-never-shown' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const seen = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (seen.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (seen.stderr += text));
  const ended = new Promise<Ended>((done) => child.on('close', (code, signal) => done({ ...seen, code: signal === 'SIGINT' ? 130 : code })));
  return { child, ended };
}

const touchstone = (...args: string[]): Promise<Ended> => start(args).ended;

describe('touchstone compare', () => {
  it('says better with 0 and worse with 1, the same numbers in every form, and runs nothing twice', async () => {
    expect((await touchstone('save', 'triage', '-m', 'First')).code).toBe(0);
    expect((await touchstone('promote', 'triage', 'v1', 'production')).code).toBe(0);
    write('triage.prompt.yml', triage(CAREFUL));
    const better = await touchstone('compare', 'triage@production', 'triage.prompt.yml');
    expect([better.code, better.stderr]).toEqual([0, expect.stringMatching(/Triage v1 · \w{8}: 1 model × 60 cases × 1 repeat = 60 cells.*\nTriage: 1 model × 60 cases/) as unknown]);
    expect(better.stdout).toMatch(/^production v1 → working copy {2}triage · triage\.golden\.jsonl · 60 cases · test\/model\n\n▲ Better: pass rate 75\.0 % → 95\.0 %, \+20\.0 points \[/);
    expect(better.stdout).toContain('  Not worse by more than 5.0 points.\n');
    expect(better.stdout).toMatch(/\nMetric +Before +After +Difference \[95%\] .*\npass rate +75\.0 % +95\.0 % /);
    expect(better.stdout).toMatch(/\neven +30 +50\.0 % +90\.0 % +\+40\.0 points \[/);
    expect(better.stdout).toContain('\n12 cases improved, none regressed.\n');

    const asked = model.requests.length;
    const json = await touchstone('compare', 'triage@production', 'triage.prompt.yml', '--json', '--output', 'reports/c.md', '--output', 'reports/c.html');
    expect([json.code, json.stderr]).toEqual([0, 'Every output is known: nothing is run.\nWrote reports/c.md\nWrote reports/c.html\n']);
    const document = JSON.parse(json.stdout) as { sentence: string; metrics: { a: number; b: number }[] };
    expect(isCompareDocument(document), JSON.stringify(isCompareDocument.errors)).toBe(true);
    expect(document).toMatchObject({ gate: 'passes', margin: 0.05, metrics: [{ name: 'passRate', a: 0.75, b: 0.95 }, { name: 'score', a: 0.75, b: 0.95 }, {}, {}] });
    expect(better.stdout).toContain(document.sentence);
    const markdown = await touchstone('compare', 'triage@production', 'triage.prompt.yml', '--markdown');
    expect([markdown.code, markdown.stdout]).toEqual([0, readFileSync(join(folder, 'reports/c.md'), 'utf8')]);
    // Slices with the verdict that they have among so many, not with an interval alone.
    expect(markdown.stdout).toMatch(/\n\| `even` \| 30 \| .* \| p (?:=|&lt;) \.\d+ \| ▲ better \|\n/);
    expect(readFileSync(join(folder, 'reports/c.html'), 'utf8')).toMatch(/<th scope="row" class="mono">even<\/th>.*<td class="n">p (?:=|&lt;) \.\d+<\/td><td class="better">/);

    const worse = await touchstone('compare', 'triage.prompt.yml', 'triage@production');
    expect([worse.code, worse.stdout]).toEqual([1, expect.stringContaining('▼ Worse: pass rate 95.0 % → 75.0 %, −20.0 points') as unknown]);
    expect(worse.stdout).toContain('12 cases regressed, 0 improved; the first 10 that regressed:\n✗ c4\n    billing → technical\n');
    expect(model.requests).toHaveLength(asked);
    // What is lost is less than what may be lost.
    expect((await touchstone('compare', 'triage.prompt.yml', 'triage@production', '--margin', '50%')).code).toBe(0);
  });

  it('says with 3 that something cannot be told', async () => {
    await touchstone('eval', 'triage.prompt.yml');
    write('triage.prompt.yml', triage(`${QUICK} Please.`));
    await touchstone('eval', 'triage.prompt.yml');
    const undecided = await touchstone('compare', 'run:latest', 'triage+test/other', '--json', '--margin', '0.01');
    expect([undecided.code, JSON.parse(undecided.stdout)]).toEqual([3, expect.objectContaining({ gate: 'inconclusive' }) as unknown]);
    write('triage.prompt.yml', triage(QUICK, '  - { type: contains, value: bill }\n'));
    const refused = await touchstone('compare', 'run:latest', 'triage');
    expect([refused.code, refused.stdout]).toEqual([3, expect.stringMatching(/Refused: .* were not judged alike: their assertions differ\. .*contains bill/) as unknown]);
  });

  it('tells wrong usage before anything is asked', async () => {
    const wrong = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await touchstone('compare', ...args);
      expect([code, stdout]).toEqual([2, '']);
      return stderr;
    };
    expect(await wrong('triage')).toContain("missing required argument 'sides'");
    expect(await wrong('triage', 'triaje')).toContain('There is no prompt triaje. Did you mean triage?');
    expect(await wrong('triage', 'triage@v9')).toContain('triage has no versions yet');
    expect(await wrong('triage', 'triage+test/other', '--margin', 'much')).toContain('It must be a difference');
    expect(await wrong('triage', 'triage+test/other', '--output', 'x.pdf')).toContain('.md, .html or .json');
    expect(model.requests).toHaveLength(0);
    expect(await wrong('triage', 'triage+test/other', '--metric', 'passrate')).toContain('There is no metric passrate. Did you mean passRate?');
    expect(await wrong('triage', 'triage+test/other', '--slice', 'language')).toContain('The cases have no field language');
  });

  it('keeps what is finished when it is cancelled', async () => {
    // Six answers, and then none.
    model.options = { ...model.options, fault: () => (model.requests.length < 6 ? 'ok' : 'silence') };
    const { child, ended } = start(['compare', 'triage', 'triage+test/other', '-j', '2', '--json']);
    while (model.requests.length < 8) await new Promise((done) => setTimeout(done, 20));
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ a: { status: 'cancelled' }, gate: 'inconclusive' });
  });
});
