import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/engine/engine.ts';
import type { EngineClient, EngineSettings } from '../../../src/protocol/engine.ts';
import { JSON_TYPE, post, send, span, traceRequest, TRACE } from './support.ts';

let folder: string;
let engine: EngineClient;
let secrets: Map<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-receiving-'));
  secrets = new Map();
  const request = (_method: string, params: unknown): Promise<never> => Promise.resolve({ value: secrets.get((params as { name: string }).name) ?? null } as never);
  engine = createEngine({ host: { request, on: () => () => undefined } });
});

afterEach(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function settings(trusted: boolean): EngineSettings {
  return { folder, trusted, concurrency: 1, idleTimeoutMs: 1000, maxRetries: 0, defaultBudgetUsd: null, proxy: { url: null, strictSsl: true, noProxy: [] } };
}

const turn = (on: boolean) => engine.request('sources/receiver', { on, http: 0, grpc: null });

async function reasonOf(turned: ReturnType<typeof turn>): Promise<string | null> {
  const status = await turned;
  return status.state === 'failed' ? status.reason : null;
}

describe('the receiver of the engine', () => {
  it('opens no port in a workspace that is not trusted', async () => {
    await engine.request('engine/configure', settings(false));
    await expect(turn(true)).rejects.toMatchObject({ code: 'untrusted-workspace' });
  });

  it('takes whom touchstone.yml lets in, and nobody while that cannot be known', async () => {
    await engine.request('engine/configure', settings(true));
    const write = (receiver: string): void => { writeFileSync(join(folder, 'touchstone.yml'), `traces: { receiver: ${receiver} }\n`); };
    write('{ token: "${env:RECEIVER_TOKEN}" }');
    expect(await reasonOf(turn(true))).toContain('RECEIVER_TOKEN is not set');
    write('{ origins: ["*"] }');
    expect(await reasonOf(turn(true))).toContain('an origin is');
    secrets.set('RECEIVER_TOKEN', 'a-token-of-some-length');
    write('{ token: "${env:RECEIVER_TOKEN}", origins: ["http://localhost:3000"] }');
    const status = await turn(true);
    if (status.state !== 'on') throw new Error(JSON.stringify(status));
    const body = traceRequest(span({ attributes: [{ key: 'a', value: { stringValue: 'says a-token-of-some-length' } }] }));
    expect((await post(status.http, '/v1/traces', JSON_TYPE, body)).status).toBe(401);
    const headers = { authorization: 'Bearer a-token-of-some-length', origin: 'http://localhost:3000' };
    expect((await post(status.http, '/v1/traces', JSON_TYPE, body, headers)).status).toBe(200);
    // What the workspace knows as a secret is kept nowhere.
    const { text } = await engine.request('traces/export', { traceId: TRACE, format: 'json' });
    expect(text).toContain('says ');
    expect(text).not.toContain('a-token-of-some-length');
    expect(await turn(false)).toEqual({ state: 'off' });
    await expect(send(status.http, '/health')).rejects.toThrow('ECONNREFUSED');
  });
});
