import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkRuntime, startEngineProcess, type EngineProcess } from '../../src/extension/engine/engine-process.ts';

const entry = fileURLToPath(new URL('../fixtures/engine-process/engine.mjs', import.meta.url));

describe('the process of the engine', () => {
  const lines: string[] = [];
  const started: EngineProcess[] = [];
  const start = (): EngineProcess => {
    const engine = startEngineProcess({ entry, handlers: {}, listeners: {}, onOutput: (line) => lines.push(line), onProblem: (error) => lines.push(error.message) });
    started.push(engine);
    return engine;
  };
  /** The fixture answers methods that the engine does not have. */
  const ask = (engine: EngineProcess, method: string): Promise<unknown> => (engine.peer as unknown as { request(method: string, params: unknown): Promise<unknown> }).request(method, {});

  afterEach(async () => {
    vi.unstubAllEnvs();
    for (const engine of started.splice(0)) {
      engine.stop();
      await engine.exited;
    }
    lines.length = 0;
  });

  it('rejects what was asked when it is killed, and says what is kept', async () => {
    const engine = start();
    const dying = ask(engine, 'die');
    await expect(dying).rejects.toMatchObject({ code: 'engine-stopped', message: expect.stringContaining('What was finished is kept') as unknown });
    await expect(engine.exited).resolves.toEqual({ code: null, signal: 'SIGKILL' });
    await expect(ask(engine, 'env')).rejects.toMatchObject({ code: 'engine-stopped' });
  });

  it('runs as Node, with the environment but without the variables of VS Code, and with its own flags only', async () => {
    vi.stubEnv('VSCODE_IPC_HOOK', 'somewhere');
    vi.stubEnv('HTTPS_PROXY', 'http://proxy.example:3128');
    const { env, execArgv } = (await ask(start(), 'env')) as { env: NodeJS.ProcessEnv; execArgv: string[] };
    expect(env['ELECTRON_RUN_AS_NODE']).toBe('1');
    expect(env['VSCODE_IPC_HOOK']).toBeUndefined();
    expect(env['HTTPS_PROXY']).toBe('http://proxy.example:3128');
    expect(execArgv.filter((flag) => flag !== '--use-system-ca')).toEqual(['--max-semi-space-size=8', '--max-old-space-size=1200']);
  });

  it('ends when its channel is closed, and what it prints is told', async () => {
    const engine = start();
    await ask(engine, 'env');
    engine.stop();
    await expect(engine.exited).resolves.toEqual({ code: 0, signal: null });
    expect(lines).toContain('a line beside the protocol');
  });

  it('is not started on a runtime that would crash without an error', () => {
    expect(() => checkRuntime({ napi: '9', node: '20.18.0' })).toThrow(/needs Node-API 10 .*Node-API 9 \(Node 20\.18\.0\)/);
    expect(() => checkRuntime({ node: '12.0.0' })).toThrow(/Node-API 0/);
    expect(() => checkRuntime({ napi: '10', node: '22.15.1' })).not.toThrow();
  });
});
