import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReceiver } from '../../../src/node/otlp/receiver.ts';
import type { ReceiverStatus } from '../../../src/protocol/traces.ts';
import { MemorySink } from '../../fixtures/memory-sink.ts';
import { JSON_TYPE, post, send, serve, span, traceRequest } from './support.ts';

const SCRIPT = resolve(import.meta.dirname, '../../fixtures/engine-process/receiver.ts');

let folder: string;
const processes: Receiving[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'touchstone-lease-'));
});

afterEach(async () => {
  await Promise.all(processes.splice(0).map((process) => process.kill()));
  rmSync(folder, { recursive: true, force: true });
});

/** A process that receives, or waits to. */
class Receiving {
  readonly child: ChildProcessWithoutNullStreams;
  readonly #seen: ReceiverStatus[] = [];
  #wake: () => void = () => undefined;

  constructor(http = '0', grpc = '0', of = folder) {
    this.child = spawn(process.execPath, [SCRIPT, of, http, grpc]);
    this.child.stderr.on('data', (text: Buffer) => { process.stderr.write(text); });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.#seen.push(JSON.parse(line) as ReceiverStatus);
      this.#wake();
    });
    processes.push(this);
  }

  /** Waits until the process says so. */
  async is<S extends ReceiverStatus['state']>(state: S): Promise<Extract<ReceiverStatus, { state: S }>> {
    for (;;) {
      const last = this.#seen.at(-1);
      if (last?.state === state) return last as Extract<ReceiverStatus, { state: S }>;
      await new Promise<void>((wake) => { this.#wake = wake; });
    }
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  async stop(): Promise<void> {
    this.child.stdin.end();
    await once(this.child, 'exit');
  }
}

function take(port: number, host: string): Promise<Server> {
  return new Promise((done, reject) => {
    const server = createServer();
    server.once('error', reject).listen({ port, host, exclusive: true }, () => { done(server); });
  });
}

/** A port that is free, and with it the next three; none that systems give to whoever asks for any: nobody takes it meanwhile by chance. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const servers = await Promise.all([0, 1, 2, 3].map((step) => take(port + step, '127.0.0.1').catch(() => null)));
    for (const server of servers) if (server) await new Promise((done) => server.close(done));
    if (servers.every((server) => server !== null)) return port;
  }
}

describe('who receives for a workspace', () => {
  it('is one process; the others say where, and one of them takes over its ports when it is killed', async () => {
    const first = new Receiving();
    const on = await first.is('on');
    const second = new Receiving();
    const third = new Receiving();
    const elsewhere = { state: 'elsewhere', http: on.http, grpc: on.grpc, owner: `process ${first.child.pid}` };
    expect(await second.is('elsewhere')).toEqual(elsewhere);
    expect(await third.is('elsewhere')).toEqual(elsewhere);
    await first.kill();
    const heir = await Promise.race([second.is('on'), third.is('on')]);
    expect([heir.http, heir.grpc]).toEqual([on.http, on.grpc]);
    expect((await post(on.http, '/v1/traces', JSON_TYPE, traceRequest(span()))).status).toBe(200);
    // and so on
    const [owner, other] = await Promise.race([second.is('on').then(() => [second, third]), third.is('on').then(() => [third, second])]) as [Receiving, Receiving];
    await owner.kill();
    expect(await other.is('on')).toMatchObject({ http: on.http, grpc: on.grpc });
  });

  it('hands over its ports when it stops in order, too', async () => {
    const first = new Receiving();
    const on = await first.is('on');
    const second = new Receiving();
    await second.is('elsewhere');
    await first.stop();
    expect(await second.is('on')).toMatchObject({ http: on.http, grpc: on.grpc });
  });

  it('takes the ports of a process that was killed with nobody waiting', async () => {
    const first = new Receiving();
    const on = await first.is('on');
    await first.kill();
    expect(await new Receiving().is('on')).toMatchObject({ http: on.http, grpc: on.grpc });
  });

  it('is one for each workspace, on ports of their own', async () => {
    await using one = await serve();
    await using other = await serve();
    expect(new Set([one.http, one.grpc, other.http, other.grpc]).size).toBe(4);
    await post(one.http, '/v1/traces', JSON_TYPE, traceRequest(span()));
    expect([one.sink.spans.length, other.sink.spans.length]).toEqual([1, 0]);
  });

  it('leaves nothing behind that Git would take', async () => {
    const served = await serve({ folder });
    await served.receiver.stop();
    for (const name of readdirSync(join(folder, '.touchstone'))) expect(name).toMatch(/^(?:\.gitignore$|touchstone\.db)/);
  });

  it('believes nothing of what somebody put into the workspace', async () => {
    mkdirSync(join(folder, '.touchstone'));
    for (const text of ['nonsense', '{"owner":"x","pid":1,"http":99999,"grpc":null,"requestedHttp":0,"requestedGrpc":0}', '[]', '{"owner":7}']) {
      writeFileSync(join(folder, '.touchstone', 'touchstone.db.receiver.json'), text);
      const served = await serve({ folder });
      expect(served.receiver.status.state).toBe('on');
      await served.receiver.stop();
    }
    writeFileSync(join(folder, '.touchstone', 'touchstone.db.receiver'), 'no database at all, but long enough that SQLite looks at it '.repeat(100));
    const receiver = createReceiver({ folder, sink: new MemorySink(), owner: 'a test' });
    expect(await receiver.start({ http: 0, grpc: 0 })).toMatchObject({ state: 'failed' });
    expect(readFileSync(join(folder, '.touchstone', 'touchstone.db.receiver'), 'utf8')).toContain('no database at all');
  });
});

describe('ports', () => {
  it('are the next free ones where they are taken, and the status says so', async () => {
    const port = await freePorts();
    const [taken, alsoTaken] = [await take(port + 1, '127.0.0.1'), await take(port, '127.0.0.1')];
    try {
      // gRPC asks for the first and HTTP for the second, as 4317 and 4318 do: neither gets in the other's way.
      const receiver = createReceiver({ folder, sink: new MemorySink(), owner: 'a test' });
      const status = await receiver.start({ http: port + 1, grpc: port });
      expect(status).toMatchObject({ state: 'on', http: port + 2, grpc: port + 3, requestedHttp: port + 1, requestedGrpc: port });
      expect((await send(port + 2, '/health')).status).toBe(200);
      await receiver.stop();
    } finally {
      await Promise.all([taken, alsoTaken].map((server) => new Promise((done) => server.close(done))));
    }
  });

  it('count as taken when only the other loopback address has them', async () => {
    const port = await freePorts();
    const taken = await take(port, '::1').catch(() => null);
    // a machine without IPv6 has no such address
    if (!taken) return;
    const receiver = createReceiver({ folder, sink: new MemorySink(), owner: 'a test' });
    expect(await receiver.start({ http: port, grpc: null })).toMatchObject({ http: port + 1, grpc: null });
    await receiver.stop();
    await new Promise((done) => taken.close(done));
  });

  it('can be changed while it receives', async () => {
    const port = await freePorts();
    const served = await serve({ folder });
    expect(await served.receiver.start({ http: port, grpc: null })).toMatchObject({ state: 'on', http: port, grpc: null });
    await expect(send(served.http, '/health')).rejects.toThrow('ECONNREFUSED');
    expect((await send(port, '/health')).status).toBe(200);
    const since = served.receiver.status;
    expect(await served.receiver.start({ http: port, grpc: null })).toBe(since);
    await served.receiver.stop();
  });

  it('can be turned off and on at once', async () => {
    const served = await serve({ folder });
    const stopped = served.receiver.stop();
    const started = served.receiver.start({ http: 0, grpc: 0 });
    await stopped;
    expect((await started).state).toBe('on');
    await served.receiver.stop();
  });
});
