import { afterEach, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { touchstoneIn, type CommandResult } from '../fixtures/command-line.ts';
import { hexSpan, hexTrace, testTrace } from '../fixtures/servers/backend-data.ts';
import { BACKEND_KEY, jaegerV3, startBackend, type BackendServer } from '../fixtures/servers/trace-backends.ts';

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** The command as a terminal runs it, with the key in its environment. */
async function workspace(): Promise<{ server: BackendServer; folder: string; run: (...args: string[]) => Promise<CommandResult> }> {
  const server = await startBackend(jaegerV3, [testTrace(20)]);
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-open-'));
  open.push(() => server.stop(), () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'touchstone.yml'), `traces:\n  sources:\n    - { name: jaeger, type: jaeger, url: "${server.url}" }\n`);
  return { server, folder, run: (...args) => touchstoneIn(folder, args, { TOUCHSTONE_JAEGER_KEY: BACKEND_KEY }) };
}

describe('touchstone open and touchstone sources', () => {
  it('explains, opens, and opens from the store', async () => {
    const { server, run } = await workspace();
    const link = `${server.url}/trace/${hexTrace}?uiFind=${hexSpan(3)}`;
    const explained = await run('open', link, '--explain', '--json');
    expect(JSON.parse(explained.out)).toMatchObject({ backend: 'jaeger', host: new URL(server.url).host, project: null, traceId: hexTrace, spanId: hexSpan(3), source: 'jaeger', wouldContact: [new URL(server.url).host] });
    expect((await run('open', link, '--explain')).out).toMatch(/would contact +127\.0\.0\.1/);
    expect(server.asked).toEqual([]);
    const opened = await run('open', link, '--json');
    expect(opened).toMatchObject({ code: 0 });
    expect((JSON.parse(opened.out) as { spans: unknown[] }).spans).toHaveLength(20);
    const asked = server.asked.length;
    expect(asked).toBeGreaterThan(0);
    expect((await run('open', hexTrace)).out).toContain('step 0');
    // As the lists print it; what no trace of the store begins with is not taken for an id.
    expect((await run('open', hexTrace.slice(0, 8))).out).toContain('step 0');
    expect(await run('open', '00000000')).toMatchObject({ code: 2 });
    expect(server.asked).toHaveLength(asked);
    expect(await run('open', link, '--refresh', '--json')).toMatchObject({ code: 0 });
    expect(server.asked.length).toBeGreaterThan(asked);
  });

  it('contacts no host that is not configured, and says what to add', async () => {
    const { server, run } = await workspace();
    const failed = await run('open', `https://jaeger.example.com/trace/${hexTrace}`);
    expect(failed).toMatchObject({ code: 2, out: '' });
    expect(failed.err).toContain('- { name: jaeger-2, type: jaeger, url: "https://jaeger.example.com" }');
    // Anybody can have such a path: what was told by it alone is called a guess.
    expect(failed.err).toContain('That it is Jaeger is a guess, by the shape of the address.');
    const foreign = `https://foo.example.com/project/p/traces/${hexTrace}`;
    expect((await run('open', foreign, '--explain')).out).toMatch(/^backend +langfuse\n[^]*That it is Langfuse is a guess/);
    expect(await run('open', `https://cloud.langfuse.com/project/p/traces/${hexTrace}`)).toMatchObject({ code: 2, err: expect.not.stringContaining('guess') as string });
    expect(server.asked).toEqual([]);
    expect(await run('open', 'nothing at all')).toMatchObject({ code: 2 });
  });

  it('lists and tests sources', async () => {
    const { server, folder, run } = await workspace();
    expect((await run('sources')).out).toMatch(/jaeger +jaeger +http:\/\/127\.0\.0\.1:\d+ .*TOUCHSTONE_JAEGER_KEY set/);
    expect(await run('sources', 'test')).toMatchObject({ code: 0, out: '✓ jaeger  Jaeger answered: service shop.\n' });
    server.fault = (_, response) => (response.writeHead(403).end('no'), true);
    const failed = await run('sources', 'test', 'jaeger', '--json');
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.out)).toMatchObject({ tests: [{ source: 'jaeger', ok: false }] });
    expect(await run('sources', 'remove')).toMatchObject({ code: 2 });
    expect(failed.out + failed.err).not.toContain(BACKEND_KEY);
    writeFileSync(join(folder, 'touchstone.yml'), '');
    for (const args of [['sources'], ['sources', 'test']]) expect(await run(...args)).toMatchObject({ code: 0, out: '', err: expect.stringContaining('names no backend') as string });
  });
});
