import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../src/cli/program.ts';
import { TouchstoneError } from '../../../src/core/errors.ts';
import { sampleRun, type SampleCell } from '../report/sample-run.ts';
import { MemoryEngine, record } from './memory-engine.ts';

const good: SampleCell[] = [{ case: 'refund-late', tags: ['clear'] }, { case: 'two-x', tags: ['terse'] }];
const mixed: SampleCell[] = [...good, { case: 'thx', pass: false, output: 'other', tags: ['terse'] }];
const broken: SampleCell[] = [...good, { case: 'err-500', error: { code: 'model-server', message: '500 after 4 retries' } }];

async function run(args: string, engine: MemoryEngine, given: Parameters<typeof record>[1] = {}): Promise<ReturnType<typeof record> & { code: number }> {
  const recorded = record(engine, given);
  const code = await runCommandLine(args === '' ? [] : args.split(' '), recorded.context);
  return { ...recorded, code };
}

const folder = mkdtempSync(join(tmpdir(), 'touchstone-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('exit codes', () => {
  it.each([
    ['every cell passed', good, '', 0],
    ['a cell failed', mixed, '', 1],
    ['the pass rate reaches the threshold', mixed, '--threshold 0.66', 0],
    ['the pass rate is the threshold', mixed, '--threshold 0.6666666666666666', 0],
    ['the pass rate is below the threshold', mixed, '--threshold 67%', 1],
    ['a cell has no answer', broken, '', 1],
    ['a cell has no answer and errors are allowed', broken, '--allow-errors', 0],
    ['errors do not count in the rate', broken, '--allow-errors --threshold 1', 0],
    ['no cell has an answer', broken.slice(2), '--allow-errors', 1],
  ])('%s', async (_name, cells, options, code) => {
    expect((await run(`eval a.prompt.yml ${options}`.trim(), new MemoryEngine([sampleRun(cells)]))).code).toBe(code);
  });

  it('counts all runs of one eval together', async () => {
    const engine = (): MemoryEngine => new MemoryEngine([sampleRun(good, { id: 'a' }), sampleRun(mixed, { id: 'b' })]);
    expect((await run('eval --threshold 80%', engine())).code).toBe(0);
    expect((await run('eval --threshold 81%', engine())).code).toBe(1);
  });

  it('is 2 when nothing was to be done, and when the budget was reached 1', async () => {
    const nothing = await run('eval --filter nowhere', new MemoryEngine([sampleRun([])]));
    expect(nothing.code).toBe(2);
    expect(nothing.stderr()).toContain('There was no case to evaluate.');
    const stopped = await run('eval', new MemoryEngine([sampleRun(good, { status: 'budget', total: 60 })]));
    expect(stopped.code).toBe(1);
    expect(stopped.stderr()).toContain('The budget was reached');
    expect(stopped.stderr()).toContain('touchstone eval --resume 3f9a1c2e');
  });

  it('is 2 for a broken prompt, and names file, line and column', async () => {
    const engine = new MemoryEngine([]);
    engine.failure = new TouchstoneError('invalid-prompt', 'unknown message role', { place: { file: '/ws/prompts/a.prompt.yml', line: 8, column: 5 } });
    const { code, stdout, stderr } = await run('eval prompts/a.prompt.yml --json', engine);
    expect([code, stdout(), stderr()]).toEqual([2, '', 'prompts/a.prompt.yml:8:5: unknown message role\n']);
    expect(engine.disposed).toBe(1);
  });
});

describe('hostile texts', () => {
  it('an error that quotes a prompt or a dataset does not steer the terminal', async () => {
    const engine = new MemoryEngine([]);
    engine.failure = new TouchstoneError('invalid-prompt', 'There is no assertion type \u001B[2Jx\u001B]0;owned\u0007\u202E.\nSecond line', { place: { file: '/ws/a\u001B[31m.prompt.yml', line: 1, column: 1 } });
    expect((await run('eval', engine)).stderr()).toBe('a.prompt.yml:1:1: There is no assertion type x\\u202e.\nSecond line\n');
  });
});

describe('wrong usage', () => {
  // Whoever asks Node to make several folders there at once waits for ever.
  it.runIf(process.platform === 'linux')('a report where no folder can be made', async () => {
    const { code, stderr } = await run('eval --output /proc/no/such/report.json', new MemoryEngine([sampleRun(good)]));
    expect([code, stderr()]).toEqual([2, expect.stringContaining('its folder cannot be written to')]);
  });

  it.each([
    ['evil', /unknown command 'evil'/],
    ['evla', /Did you mean eval\?/],
    ['eval --modell x', /unknown option '--modell'/],
    ['eval --repeat 0', /It must be a whole number from 1 up/],
    ['eval --repeat 1.5', /whole number/],
    ['eval --concurrency x', /whole number/],
    ['eval --budget free', /amount of US dollars/],
    ['eval --budget 0', /amount of US dollars/],
    ['eval --threshold 1.5', /rate from 0 to 1/],
    ['eval --threshold 101%', /rate from 0 to 1/],
    ['eval --output report.yaml', /the ending says the format/],
    [`eval --output ${import.meta.filename}/report.json`, /its folder cannot be written to/],
    ['eval --watch --json', /cannot be used with option/],
    ['eval --resume a b.prompt.yml', /as it was planned/],
    ['eval --resume a --model x', /--model cannot be given/],
    ['show', /missing required argument 'run'\nUsage: touchstone show \[options\] <run> \[case\]\n/],
    ['show nothing', /No run here begins with nothing/],
    ['show 3f9a1c2e nowhere', /has no finished cell of a case nowhere/],
    ['cache drop', /touchstone cache clear/],
    ['runs --limit -1', /whole number/],
    ['eval -C /no/such/folder', /is not a folder/],
  ])('%s', async (args, message) => {
    const { code, stdout, stderr } = await run(args, new MemoryEngine([sampleRun(good)]));
    expect(stderr()).toMatch(message);
    expect([code, stdout()]).toEqual([2, '']);
  });

  it.each([['help', /^Usage: touchstone \[options\] \[command\]\n[^]*\n {2}traces /], ['help traces', /^Usage: touchstone traces .*\n[^]*--ascending/]])('%s prints the help that was asked for', async (args, message) => {
    const { code, stdout, stderr } = await run(args, new MemoryEngine([]));
    expect([code, stderr()]).toEqual([0, '']);
    expect(stdout()).toMatch(message);
  });

  it('takes the workspace before the command, and after it rather', async () => {
    const missing = 'runs -C /no/such/folder';
    expect((await run(`-C ${folder} runs`, new MemoryEngine([]))).code).toBe(0);
    expect((await run(`-C ${folder} ${missing}`, new MemoryEngine([]))).code).toBe(2);
    expect((await run(`-C /no/such/folder runs -C ${folder}`, new MemoryEngine([]))).code).toBe(0);
    const { code, stderr } = await run('-C /no/such/folder runs', new MemoryEngine([]));
    expect([code, stderr()]).toEqual([2, expect.stringContaining('/no/such/folder is not a folder')]);
  });

  it('shows the help on standard error when there is no command', async () => {
    const { code, stdout, stderr } = await run('', new MemoryEngine([]));
    expect([code, stdout()]).toEqual([2, '']);
    expect(stderr()).toContain('Usage: touchstone');
  });
});

describe('help and version', () => {
  it('prints the version', async () => {
    const { code, stdout } = await run('--version', new MemoryEngine([]));
    expect([code, stdout()]).toEqual([0, '1.2.3\n']);
  });

  it.each(['eval', 'runs', 'show', 'models', 'cache'])('explains %s with examples, without an engine', async (name) => {
    const { code, stdout, engine } = await run(`${name} --help`, new MemoryEngine([]));
    expect(code).toBe(0);
    expect(stdout()).toContain(`Usage: touchstone ${name}`);
    expect(stdout()).toMatch(/Examples:\n {2}touchstone /);
    expect(engine.requests).toEqual([]);
  });
});

describe('touchstone eval', () => {
  it('asks the engine for what the options say', async () => {
    const { engine } = await run('eval a.prompt.yml b --model x -m y --dataset d.jsonl --repeat 3 -j 20 --filter refund --tag clear --tag terse --no-cache --budget $0.50', new MemoryEngine([sampleRun(good)]));
    expect(engine.evals).toEqual([
      { targets: ['/ws/a.prompt.yml', '/ws/b'], models: ['x', 'y'], dataset: '/ws/d.jsonl', repeats: 3, concurrency: 20, filter: 'refund', tags: ['clear', 'terse'], noCache: true, budgetUsd: 0.5, origin: 'cli' },
    ]);
  });

  it('takes the current folder when nothing is named, and leaves out what is not said', async () => {
    const { engine } = await run('eval', new MemoryEngine([sampleRun(good)]));
    expect(engine.evals).toEqual([{ targets: ['/ws'], origin: 'cli' }]);
  });

  it('prints one document with --json, and everything else on standard error', async () => {
    const { code, stdout, stderr } = await run('eval --json --verbose', new MemoryEngine([sampleRun(mixed)]));
    expect(code).toBe(1);
    expect(JSON.parse(stdout())).toMatchObject({ runs: [{ run: { id: '3f9a1c2e' } }], summary: { cells: 3, passed: 2, failed: 1 } });
    expect(stderr()).toContain('Support triage: 1 model × 3 cases × 1 repeat = 3 cells');
  });

  it('says what it costs before, and that it cannot say', async () => {
    const known = await run('eval', new MemoryEngine([sampleRun(good, { estimateUsd: 0.018 })]));
    expect(known.stderr()).toContain('= 2 cells, about $0.0180');
    const unknown = await run('eval', new MemoryEngine([sampleRun(good, { estimateUsd: null })]));
    expect(unknown.stderr()).toContain('cost unknown (no price for x/y)');
  });

  it('prints the table, the slices, and the failures with reasons', async () => {
    const { stdout } = await run('eval', new MemoryEngine([sampleRun(mixed)]));
    expect(stdout()).toMatch(/^Support triage {2}prompts\/support\/triage · triage\.golden\.jsonl/);
    expect(stdout()).toMatch(/local:labels {2}66\.7% \[21–94\] {2}2 of 3 {2}100 ms/);
    expect(stdout()).toMatch(/clear +1 {2}100% \[21–100\]\nterse +2 {2}50% \[9–91\]/);
    expect(stdout()).toContain('1 cell did not pass:\n✗ thx  other\n    equals: Expected billing.\n');
  });

  it('shows 20 failures and how to see the others, or all with --verbose', async () => {
    const many = Array.from({ length: 45 }, (_, at): SampleCell => ({ case: `case-${at}`, pass: false }));
    const short = await run('eval', new MemoryEngine([sampleRun(many)]));
    expect(short.stdout().match(/✗/g)).toHaveLength(20);
    expect(short.stdout()).toContain('45 cells did not pass, the first 20:');
    expect(short.stdout()).toContain('… and 25 more: touchstone show 3f9a1c2e --verbose');
    const long = await run('eval --verbose', new MemoryEngine([sampleRun(many)]));
    expect(long.stdout().match(/✗/g)).toHaveLength(45);
  });

  it('lets no output steer the terminal', async () => {
    const hostile = '\u001B]0;owned\u0007\u001B[2J\u202Egnp.exe\r\nbilling\u0000';
    const { stdout } = await run('eval', new MemoryEngine([sampleRun([{ case: hostile, output: hostile, pass: false, tags: [hostile] }], { name: hostile, models: [hostile] })]));
    expect(stdout()).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/);
    expect(stdout()).toContain('\\u202egnp.exe⏎billing\\u0000');
  });

  it('writes every report that is asked for', async () => {
    const files = ['r.json', 'r.xml', 'r.html', 'r.csv'].map((name) => join(folder, name));
    const { code, stderr } = await run(`eval ${files.map((file) => `--output ${file}`).join(' ')}`, new MemoryEngine([sampleRun(good)]), { cwd: folder });
    expect(code).toBe(0);
    expect(stderr()).toContain('Wrote r.json');
    expect(files.map((file) => readFileSync(file, 'utf8').slice(0, 9))).toEqual(['{"runs":[', '<?xml ver', '<!doctype', 'run,promp']);
  });
});

describe('Ctrl+C', () => {
  it('cancels, keeps what is finished, and says how to go on', async () => {
    const engine = new MemoryEngine([sampleRun(good, { total: 60 })]);
    engine.endless = true;
    const recorded = record(engine);
    const ended = runCommandLine(['eval', '--json'], recorded.context);
    await expect.poll(() => engine.requests.some(({ method }) => method === 'eval/wait')).toBe(true);
    recorded.interrupt();
    expect(await ended).toBe(130);
    expect(engine.requests).toContainEqual({ method: 'eval/cancel', params: { runId: '3f9a1c2e' } });
    expect(recorded.exits).toEqual([]);
    expect(JSON.parse(recorded.stdout())).toMatchObject({ summary: { cells: 2 } });
    expect(recorded.stderr()).toContain('To finish it: touchstone eval --resume 3f9a1c2e');
    expect(engine.disposed).toBe(1);
  });

  it('ends at once the second time', async () => {
    const engine = new MemoryEngine([sampleRun(good)]);
    engine.endless = true;
    const recorded = record(engine);
    const ended = runCommandLine(['eval'], recorded.context);
    await expect.poll(() => engine.requests.some(({ method }) => method === 'eval/wait')).toBe(true);
    recorded.interrupt();
    recorded.interrupt();
    expect(recorded.exits).toEqual([130]);
    await ended;
  });
});

describe('touchstone runs, show, models, cache', () => {
  const stored = (): MemoryEngine => new MemoryEngine([], [sampleRun(mixed, { id: '3f9a1c2e' }), sampleRun(good, { id: '3fb00000', status: 'cancelled', total: 60 })]);

  it('lists runs as a table and as JSON', async () => {
    const plain = await run('runs', stored());
    expect(plain.stdout()).toMatch(/3f9a1c2e {2}Support triage {2}2026-11-21 20:00 .*66\.7% .*finished\n3fb00000 .*2 of 60.*cancelled\n/);
    const { runs } = JSON.parse((await run('runs --limit 1 --json', stored())).stdout()) as { runs: unknown[] };
    expect(runs).toHaveLength(1);
    expect((await run('runs', new MemoryEngine([]))).stderr()).toContain('has no runs yet');
  });

  it('finds a run by its beginning, and refuses an ambiguous one', async () => {
    expect((await run('show 3f9', stored())).stdout()).toContain('run 3f9a1c2e');
    expect((await run('show latest', stored())).stdout()).toContain('run 3f9a1c2e');
    const ambiguous = await run('show 3f', stored());
    expect([ambiguous.code, ambiguous.stderr()]).toEqual([2, '3f begins the ids of 2 runs: 3f9a1c2e, 3fb00000.\n']);
  });

  it('shows one case with everything that is known', async () => {
    const { stdout, code } = await run('show latest thx', stored());
    expect(code).toBe(0);
    for (const part of ['✗ failed  thx', 'Output\n    other', '✗ equals  score 0.00\n      Expected billing.', 'Variables\n    subject: thx', 'user\n    Subject: thx']) expect(stdout()).toContain(part);
    expect(stdout()).not.toContain('refund-late');
  });

  it('prints the same document as eval does', async () => {
    const engine = new MemoryEngine([sampleRun(mixed)]);
    expect((await run('show latest --json', engine)).stdout()).toBe((await run('eval --json', engine)).stdout());
  });

  it('lists models with prices and what is missing', async () => {
    const { stdout } = await run('models', stored(), { columns: 120 });
    expect(stdout()).toMatch(/local:labels +local +\$0 +\$0 +yes\n/);
    expect(stdout()).toMatch(/openai\/gpt-5-mini +remote +\$0\.2500 +\$2\.00 +2026-11-01 +400,000 +no: OPENAI_API_KEY is not set/);
    expect(stdout()).toMatch(/x\/y +remote +unknown +unknown/);
  });

  it('clears the cache', async () => {
    expect((await run('cache clear', stored())).stdout()).toBe('Forgot 1,204 stored answers.\n');
    expect(JSON.parse((await run('cache clear --json', stored())).stdout())).toEqual({ entries: 1204 });
  });
});
