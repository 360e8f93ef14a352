import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reachOf } from '../../src/node/sources/addresses.ts';
import type { Resolve } from '../../src/node/sources/addresses.ts';
import { SourceClient } from '../../src/node/sources/client.ts';
import { startInterceptingProxy } from './models/intercepting-proxy.ts';

const KEY = 'sk-lf-0b1c2d3e4f-of-one-host-only';
const signal = new AbortController().signal;
const DIRECT = { url: null, strictSsl: true, noProxy: [] };

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly host: string;
  readonly headers: string;
  readonly body: string;
}

/** Records every request, and answers as it is told. */
class RecordingServer {
  readonly seen: Seen[] = [];
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => void response.setHeader('content-type', 'application/json').end('{"ok":true}');
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.seen.push({ method: request.method ?? '', url: request.url ?? '', host: request.headers.host ?? '', headers: JSON.stringify(request.headers), body: Buffer.concat(chunks).toString() });
      this.answer(request, response);
    });
  });

  async start(address = '127.0.0.1'): Promise<this> {
    await new Promise<void>((resolve, reject) => this.#server.once('error', reject).listen(0, address, resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  redirect(to: string, status = 302): void {
    this.answer = (_, response) => void response.writeHead(status, { location: to, 'set-cookie': 'session=stolen; Domain=localhost' }).end();
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

describe('the only way out to a source', () => {
  let own: RecordingServer;
  let other: RecordingServer;
  const clients: SourceClient[] = [];

  beforeEach(async () => {
    [own, other] = await Promise.all([new RecordingServer().start(), new RecordingServer().start()]);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.dispose();
    await Promise.all([own.stop(), other.stop()]);
  });

  /** Names lead where a test says; nothing is asked of a real name server. */
  function client(url: string, options: { readonly resolve?: Resolve; readonly queries?: readonly RegExp[]; readonly proxy?: typeof DIRECT | { url: string; strictSsl: boolean; noProxy: string[] }; readonly credentials?: Readonly<Record<string, string>> } = {}): SourceClient {
    const host = new URL(url).host;
    const created = new SourceClient({
      source: { name: 'production', url, timeoutMs: 30_000 }, subject: { name: 'production', vendor: 'Langfuse', host, secrets: ['TOUCHSTONE_PRODUCTION_KEY'], redact: (text) => text.replaceAll(KEY, '[secret]') },
      credentials: () => Promise.resolve(options.credentials ?? { authorization: `Bearer ${KEY}`, 'x-scope-orgid': 'tenant-7' }), proxy: options.proxy ?? DIRECT, resolve: options.resolve ?? (() => Promise.resolve([{ address: '127.0.0.1', family: 4 }])), queries: options.queries ?? [],
    });
    clients.push(created);
    return created;
  }
  const ask = (of: SourceClient, path = '/api/x') => of.get({ path, params: { id: 'a b' }, headers: { 'x-extra': 'tenant-7' }, signal }, (answer) => answer.json());
  const shown = (server: RecordingServer): string => JSON.stringify(server.seen);

  it('shows its key to the host of its entry', async () => {
    await expect(ask(client(`http://127.0.0.1:${own.port}/base`))).resolves.toEqual({ ok: true });
    expect(own.seen).toMatchObject([{ method: 'GET', url: '/base/api/x?id=a+b' }]);
    expect(shown(own)).toContain(KEY);
  });

  it.each([301, 302, 303, 307, 308])('drops everything that is ours on a redirect to another host (%i)', async (status) => {
    const proxy = await startInterceptingProxy({ upstream: other.port, hostName: 'cdn.example' });
    try {
      own.redirect('http://cdn.example/elsewhere', status);
      await expect(ask(client(`http://127.0.0.1:${own.port}`, { proxy: { url: `http://${proxy.host}`, strictSsl: true, noProxy: [] } }))).resolves.toEqual({ ok: true });
      expect(other.seen).toMatchObject([{ method: 'GET', url: '/elsewhere' }]);
      expect(shown(other)).not.toMatch(/sk-lf|tenant-7|stolen|langfuse/i);
    } finally {
      await proxy.stop();
    }
    other.seen.length = 0;
    // Without a proxy that is another port of this machine, which no entry names: it is not even contacted.
    own.redirect(`http://localhost:${other.port}/elsewhere`, status);
    await expect(ask(client(`http://127.0.0.1:${own.port}`))).rejects.toThrow(/no source in touchstone\.yml names it/);
    expect(other.seen).toEqual([]);
  });

  it('sends no key, cookie or header to another host, through a proxy that reaches every name', async () => {
    const proxy = await startInterceptingProxy({ upstream: other.port, hostName: 'cdn.example' });
    try {
      // `own` answers below loopback, which no proxy is asked for; what is elsewhere goes through the proxy to `other`.
      for (const location of ['http://cdn.example/a', 'http://CDN.EXAMPLE:80/b', 'http://langfuse.example.evil.test/c', 'http://127.0.0.1.evil.test/d', 'http://xn--lngfuse-5ya.com/e', 'http://l%D0%B0ngfuse.com/f', `http://[2001:4860:4860::8888]:${other.port}/g`]) {
        own.redirect(location);
        await ask(client(`http://127.0.0.1:${own.port}`, { proxy: { url: `http://${proxy.host}`, strictSsl: true, noProxy: [] } }));
      }
      expect(other.seen).toHaveLength(7);
      expect(shown(other)).not.toContain(KEY);
      expect(shown(other)).not.toContain('tenant-7');
      expect(shown(other)).not.toContain('stolen');
      expect(shown(own)).not.toContain('stolen');
    } finally {
      await proxy.stop();
    }
  });

  it('does not take the key up again when another host sends it back', async () => {
    const proxy = await startInterceptingProxy({ upstream: other.port, hostName: 'cdn.example' });
    try {
      own.answer = (request, response) => void (request.url?.startsWith('/back') === true ? response.end('{}') : response.writeHead(302, { location: 'http://cdn.example/' }).end());
      other.redirect(`http://127.0.0.1:${own.port}/back?steal=1`);
      await ask(client(`http://127.0.0.1:${own.port}`, { proxy: { url: `http://${proxy.host}`, strictSsl: true, noProxy: [] } }));
      const back = own.seen.filter(({ url }) => url.startsWith('/back'));
      expect(back).toHaveLength(1);
      expect(JSON.stringify(back)).not.toContain(KEY);
    } finally {
      await proxy.stop();
    }
  });

  it('keeps the key on redirects within its own origin, whatever way it is written', async () => {
    for (const host of [`127.0.0.1:${own.port}`, `0x7f.1:${own.port}`, `2130706433:${own.port}`, `127.1:${own.port}`]) {
      let isFirst = true;
      own.seen.length = 0;
      own.answer = (_, response) => {
        if (isFirst) response.writeHead(307, { location: `http://${host}/second` }).end();
        else response.end('{}');
        isFirst = false;
      };
      await ask(client(`http://127.0.0.1:${own.port}`));
      expect(own.seen.map(({ headers }) => headers.includes(KEY)), host).toEqual([true, true]);
    }
  });

  it('refuses redirects with user names, to other schemes, without end, and of queries', async () => {
    for (const [location, message] of [
      [`http://127.0.0.1:${own.port}@localhost:${other.port}/`, /user name in it/], [`http://${KEY}@127.0.0.1:${own.port}/`, /user name in it/], ['file:///etc/passwd', /no address/], ['javascript:alert(1)', /no address/], ['http://', /no address/],
      [`http://127.0.0.1:${own.port}/again`, /more than 5 times/],
    ] as const) {
      own.redirect(location);
      await expect(ask(client(`http://127.0.0.1:${own.port}`)), location).rejects.toThrow(message);
    }
    own.redirect(`http://localhost:${other.port}/q`, 307);
    await expect(client(`http://127.0.0.1:${own.port}`, { queries: [/^\/q$/] }).query({ path: '/q', signal }, { secret: 'question' })).rejects.toThrow(/redirects a query/);
    expect(other.seen).toEqual([]);
  });

  it('posts to documented queries only, and writes nothing unless it may', async () => {
    const of = client(`http://127.0.0.1:${own.port}`, { queries: [/^\/runs\/query$/] });
    expect(() => of.query({ path: '/runs/delete', signal }, {})).toThrow(/no documented query/);
    await expect(of.write({ path: '/runs/query', signal }, {})).rejects.toThrow(/no documented query/);
    expect(own.seen).toEqual([]);
  });

  it('does not let a path lead to another host', async () => {
    for (const path of ['//evil.test/a', '/\\evil.test/a', '/@evil.test']) await ask(client(`http://127.0.0.1:${own.port}`), path);
    expect(own.seen).toHaveLength(3);
    expect(own.seen.every(({ host }) => host === `127.0.0.1:${own.port}`)).toBe(true);
    expect(() => client(`http://user:${KEY}@127.0.0.1:${own.port}`)).toThrow(/user name or password/);
  });

  it('does not let an id lead to another path', async () => {
    const of = client(`http://127.0.0.1:${own.port}/base`);
    for (const id of ['..', '.', '../../admin', '..\\admin', '%2e%2e', '..%2f..%2fadmin', '%252e%252e', 'a/../b']) {
      await expect(ask(of, `/api/traces/${encodeURIComponent(id)}`), id).rejects.toThrow(/no id of one/);
      await expect(ask(of, `/api/traces/${id}/x`), id).rejects.toThrow(/no id of one/);
    }
    expect(own.seen).toEqual([]);
    for (const id of ['...', 'a..b', '.hidden', '1.5', 'a/b']) await ask(of, `/api/traces/${encodeURIComponent(id)}`);
    expect(own.seen.map(({ url }) => url.split('?')[0])).toEqual(['/base/api/traces/...', '/base/api/traces/a..b', '/base/api/traces/.hidden', '/base/api/traces/1.5', '/base/api/traces/a%2Fb']);
  });

  it('goes to the address that it looked at: a name cannot mean another a moment later', async () => {
    const asked: string[] = [];
    const rebinding: Resolve = (host) => {
      asked.push(host);
      return Promise.resolve([{ address: asked.length === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }]);
    };
    await expect(ask(client(`http://langfuse.corp:${own.port}`, { resolve: rebinding }))).resolves.toEqual({ ok: true });
    expect(asked).toEqual(['langfuse.corp']);
    expect(own.seen).toMatchObject([{ host: `langfuse.corp:${own.port}` }]);
  });

  it('reaches private addresses by the names of entries only, and the link by its very address only', async () => {
    const to = (address: string, family: number): Resolve => () => Promise.resolve([{ address, family }]);
    await expect(ask(client(`http://langfuse.corp:${own.port}`, { resolve: to('127.0.0.1', 4) }))).resolves.toEqual({ ok: true });
    for (const [address, family] of [['169.254.169.254', 4], ['fe80::1', 6], ['fd00:ec2::254', 6], ['::ffff:169.254.169.254', 6], ['0.0.0.0', 4], ['224.0.0.1', 4]] as const) {
      await expect(ask(client(`http://langfuse.corp:${own.port}`, { resolve: to(address, family) })), address).rejects.toThrow(/does not connect to it/);
    }
    for (const host of ['169.254.169.254', '[fe80::1]', '[::ffff:a9fe:a9fe]', '10.0.0.1', 'localhost', '[::1]', '0.0.0.0', '2852039166']) {
      own.redirect(`http://${host}/latest/meta-data`);
      await expect(ask(client(`http://127.0.0.1:${own.port}`)), host).rejects.toThrow(/does not connect to it/);
    }
  });

  it('knows where addresses lead, in every way of writing them', () => {
    const cases: Readonly<Record<ReturnType<typeof reachOf>, readonly string[]>> = {
      public: ['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946', '64:ff9b::5db8:d822', '::ffff:93.184.216.34'],
      near: ['127.0.0.1', '127.255.0.9', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '::1', '[::1]', 'fd12:3456::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::', '::127.0.0.1', '64:ff9b:1::5db8:d822', '2001::5db8:d822'],
      link: ['169.254.169.254', '169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe', '100.100.100.200', '168.63.129.16', 'fd00:ec2::23', 'fd20:ce::254', '[fd00:c1::a9fe:a9fe]'],
      nowhere: ['0.0.0.0', '::', '224.0.0.1', '255.255.255.255', 'ff02::1', '2001:db8::1', 'localhost', ''],
    };
    for (const [reach, addresses] of Object.entries(cases)) for (const address of addresses) expect(reachOf(address), address).toBe(reach);
  });

  it('says that a redirect leads to where the key is not sent', async () => {
    const proxy = await startInterceptingProxy({ upstream: other.port, hostName: 'cdn.example' });
    try {
      own.redirect('http://cdn.example/api/x', 301);
      other.answer = (_, response) => void response.writeHead(401).end();
      // Another key would not be sent there either.
      const message = expect.stringMatching(/redirects to http:\/\/cdn\.example, to which its key is not sent \(401\).*write it into "url"/) as string;
      await expect(ask(client(`http://127.0.0.1:${own.port}`, { proxy: { url: `http://${proxy.host}`, strictSsl: true, noProxy: [] } }))).rejects.toMatchObject({ code: 'source-request', message });
      expect(shown(other)).not.toContain(KEY);
    } finally {
      await proxy.stop();
    }
  });

  it('says that a key is wanted where none is set, instead of that it is not accepted', async () => {
    own.answer = (_, response) => void response.writeHead(401).end();
    await expect(ask(client(`http://127.0.0.1:${own.port}`, { credentials: { 'x-scope-orgid': 'tenant-7' } }))).rejects.toMatchObject({ code: 'unauthorized', message: expect.stringMatching(/wants a key \(401\), and none is set: set TOUCHSTONE_PRODUCTION_KEY with/) as string });
    await expect(ask(client(`http://127.0.0.1:${own.port}`))).rejects.toThrow(/does not accept the key \(401\)/);
  });

  it('never tells a key in an error', async () => {
    own.answer = (_, response) => void response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ message: `the key ${KEY} is wrong` }));
    await expect(ask(client(`http://127.0.0.1:${own.port}`))).rejects.toThrow(/^Langfuse at .* does not accept the key \(401\): check TOUCHSTONE_PRODUCTION_KEY.*the key \[secret\] is wrong/);
  });
});
