/** Whether the extension host answers as quickly while its engine takes in traces as when nothing comes. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagedExtension } from '../../scripts/tools/package.ts';
import { startVSCode } from '../../scripts/tools/vscode-server.ts';
import { atMost, median, type Benchmark, type Claim } from './benchmark.ts';
import type { LoopDelay, LoopDelays } from './ingest-host.ts';
import { emptyWorkspace, writeControlExtension } from './tools/editor-workspace.ts';
import { bundleForHost, measureInHost } from './tools/extension-host.ts';
import { makeLoad, postAll, SPANS_OF_BATCH } from './tools/ingest-load.ts';
import { startServe } from './tools/serve.ts';

const ROUNDS = 5;
/**
 * A tenth of a frame of 60 Hz: nobody sees it. Not less, because a ratio of two delays of a millisecond is mostly the system's scheduler: engine
 * and sender fill the processor meanwhile. How much of it that is, the same load elsewhere says.
 */
const LATER_MS = 1.5;
const SPANS_OF_TRACE = 8;
/** Made before they are sent, so that making them does not take the processor from the rest. */
const READY = 48;

export const ingestEditorBenchmark: Benchmark = {
  name: 'ingest-editor',
  what: 'the event loop of the real VS Code’s extension host while its engine takes in traces as fast as it can, beside idle, and beside the same load elsewhere',
  async run({ quick }) {
    const vsix = await packagedExtension({ weights: false });
    const own = mkdtempSync(join(tmpdir(), 'touchstone-bench-'));
    const elsewhere = mkdtempSync(join(tmpdir(), 'touchstone-bench-ingest-'));
    const workspace = emptyWorkspace();
    const serve = await startServe(elsewhere);
    const sender = await startSender(serve.url);
    const [control, tests, timesFile] = [join(own, 'control'), join(own, 'host.cjs'), join(own, 'times.json')];
    writeControlExtension(control);
    await bundleForHost('ingest-host.ts', tests);
    const server = await startVSCode({
      vsix, smokeTestDriver: true,
      settings: { 'touchstone.receiver.httpPort': 0, 'touchstone.receiver.grpcPort': 0 },
      env: { TOUCHSTONE_BENCH_TIMES: timesFile, TOUCHSTONE_BENCH_SENDER: sender.url, TOUCHSTONE_BENCH_ROUNDS: String(quick ? 2 : ROUNDS) },
    });
    try {
      return claimsOf(await measureInHost<LoopDelays>({ server, folder: workspace.folder, control, tests, timesFile }));
    } finally {
      await server.stop();
      await sender.stop();
      await serve.stop();
      workspace.remove();
      for (const folder of [own, elsewhere]) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};

function claimsOf({ idle, ingesting, elsewhere }: LoopDelays): Claim[] {
  const line = (what: string, delays: readonly LoopDelay[]): void => {
    const list = (key: 'p50' | 'p99' | 'max'): string => delays.map((delay) => delay[key].toFixed(2)).join(' ');
    console.log(`  ${what.padEnd(34)} p50 ${list('p50')}; p99 ${list('p99')} (median ${median(delays.map(({ p99 }) => p99)).toFixed(2)}); longest ${list('max')} ms${delays.some(({ spans }) => spans > 0) ? `; spans ${delays.map(({ spans }) => spans.toLocaleString('en')).join(' ')}` : ''}`);
  };
  line('idle', idle);
  line('while this window takes in traces', ingesting);
  line('while another process takes them in', elsewhere);
  if (ingesting.some(({ spans }) => spans === 0)) throw new Error('nothing was taken in while it was measured');
  // Of neighbours.
  const more = (than: readonly LoopDelay[]): number => median(ingesting.map(({ p99 }, round) => p99 - than[round]!.p99));
  console.log(`  p99 more than while another process takes in the same: ${more(elsewhere).toFixed(2)} ms`);
  return [atMost('delay of the extension host (p99) while its engine takes in traces, more than idle', more(idle), LATER_MS, ' ms')];
}

interface Sender {
  readonly url: string;
  stop(): Promise<void>;
}

/** Posts batches from when it is told (`/send`, the body is where to; without one to `elsewhere`) until it is told to stop; answers with the spans that were taken. */
async function startSender(elsewhere: string): Promise<Sender> {
  let first = 0;
  let sending: { isOver: boolean; readonly spans: Promise<number> } | undefined;
  const make = (batches: number): readonly Buffer[] => {
    const load = makeLoad(batches, SPANS_OF_TRACE, first);
    first += load.spans;
    return load.json;
  };
  const start = (to: string): void => {
    const ready = [...make(READY)];
    const state = { isOver: false, spans: Promise.resolve(0) };
    state.spans = (async () => {
      let spans = 0;
      while (!state.isOver) {
        const bodies = ready.length > 0 ? ready.splice(0, 4) : make(4);
        await postAll(to, 'application/json', bodies);
        spans += bodies.length * SPANS_OF_BATCH;
      }
      return spans;
    })();
    state.spans.catch(() => undefined);
    sending = state;
  };
  const serve = async (request: IncomingMessage): Promise<number> => {
    const body = (await request.toArray()).map(String).join('');
    if (request.url === '/send') {
      start(body === '' ? elsewhere : body);
      return 0;
    }
    if (sending === undefined) throw new Error('nothing is sent');
    sending.isOver = true;
    return sending.spans;
  };
  const server: Server = createServer((request, response) => {
    serve(request).then(
      (number) => response.end(String(number)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      if (sending !== undefined) sending.isOver = true;
      await sending?.spans.catch(() => undefined);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
