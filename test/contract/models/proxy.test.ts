import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFaultServer, type FaultServer } from '../../fixtures/servers/fault-server.ts';
import { startInterceptingProxy, type InterceptingProxy } from './intercepting-proxy.ts';
import { catalogOf, failure, never, requestOf } from './harness.ts';

describe('behind a proxy with an authority of its own', () => {
  let server: FaultServer;
  let proxy: InterceptingProxy;

  beforeEach(async () => {
    server = await startFaultServer();
    proxy = await startInterceptingProxy({ upstream: server.port, hostName: 'model.test', password: 'user:pass' });
  });

  afterEach(async () => {
    await proxy.stop();
    await server.stop();
  });

  const settings = (url: string | null, strictSsl = true, noProxy: readonly string[] = []) => ({ url, strictSsl, noProxy });
  const ask = async (base: string, options: Parameters<typeof catalogOf>[0], streaming = false): Promise<string> => {
    const catalog = catalogOf(options);
    try {
      const model = await catalog.resolve({ id: 'openai:chat:m', config: { apiBaseUrl: base } });
      return (await model.generate(requestOf('hello'), { signal: never(), ...(streaming ? { onText: () => undefined } : {}) })).text;
    } finally {
      await catalog.dispose();
    }
  };

  it.each([false, true])('reaches an https endpoint, streaming: %s', async (streaming) => {
    expect(await ask('https://model.test/v1', { proxy: settings(`http://user:pass@${proxy.host}`), ca: [proxy.ca] }, streaming)).toBe('answer to hello');
    expect(proxy.seen).toEqual(['CONNECT model.test:443']);
  });

  it('uses one connection for many requests', async () => {
    const catalog = catalogOf({ proxy: settings(`http://user:pass@${proxy.host}`), ca: [proxy.ca] });
    const model = await catalog.resolve({ id: 'openai:chat:m', config: { apiBaseUrl: 'https://model.test/v1' } });
    for (let i = 0; i < 4; i += 1) await model.generate(requestOf(`hello ${i}`), { signal: never() });
    await catalog.dispose();
    expect(proxy.seen).toEqual(['CONNECT model.test:443']);
    expect(server.requests).toHaveLength(4);
  });

  it('trusts nobody unasked, and says how to', async () => {
    const error = await failure(ask('https://model.test/v1', { proxy: settings(`http://user:pass@${proxy.host}`) }));
    expect(error).toMatchObject({ code: 'network', transient: false, message: expect.stringMatching(/certificate of model\.test cannot be trusted.*NODE_EXTRA_CA_CERTS/) as string });
    expect(server.requests).toHaveLength(0);
  });

  it('is told to trust by http.proxyStrictSSL', async () => {
    expect(await ask('https://model.test/v1', { proxy: settings(`http://user:pass@${proxy.host}`, false) })).toBe('answer to hello');
  });

  it('sends plain http through the proxy too', async () => {
    expect(await ask('http://model.test/v1', { proxy: settings(`http://user:pass@${proxy.host}`) })).toBe('answer to hello');
    expect(proxy.seen).toEqual(['POST http://model.test/v1/chat/completions']);
  });

  it('goes straight to what is excluded, and to this machine', async () => {
    expect(await ask(server.url, { proxy: settings(`http://user:pass@${proxy.host}`) })).toBe('answer to hello');
    const error = await failure(ask('http://model.test/v1', { proxy: settings(`http://user:pass@${proxy.host}`, true, ['.test']) }));
    expect(error).toMatchObject({ code: 'network' });
    expect(proxy.seen).toEqual([]);
  });

  it('never shows the proxy\'s password', async () => {
    const error = await failure(ask('https://model.test/v1', { proxy: settings(`http://user:wrong-password@${proxy.host}`), ca: [proxy.ca] }));
    expect(error.message).not.toContain('wrong-password');
    expect(error).toMatchObject({ code: 'network', transient: false, message: expect.stringContaining('407') as string });
  });
});
