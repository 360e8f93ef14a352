/**
 * Runs inside the extension host of VS Code: how late its event loop is while nothing comes, while a sender posts into this window's
 * engine, and while the same sender posts elsewhere. Writes LoopDelays as JSON to the file that TOUCHSTONE_BENCH_TIMES names.
 */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import * as vscode from 'vscode';
import { COMMANDS, EXTENSION_ID, VIEWS } from '../../src/extension/constants.ts';
import type { ReceiverStatus } from '../../src/protocol/traces.ts';

/** Milliseconds by which a timer of 1 ms came, of one stretch of time. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Taken in meanwhile, by whoever was sent to. */
  readonly spans: number;
}

/** Of each round: in turn. */
export interface LoopDelays {
  readonly idle: readonly LoopDelay[];
  /** Spans go to this window. */
  readonly ingesting: readonly LoopDelay[];
  /** The same spans go to a store that this window has nothing to do with: what the other processes take of the processor. */
  readonly elsewhere: readonly LoopDelay[];
}

const STRETCH_MS = 4000;
/** Indexes follow within 2 seconds, the view a moment later. */
const REST_MS = 3000;

export async function run(): Promise<void> {
  const [file, sender, rounds] = [process.env['TOUCHSTONE_BENCH_TIMES'], process.env['TOUCHSTONE_BENCH_SENDER'], Number(process.env['TOUCHSTONE_BENCH_ROUNDS'])];
  if (!file || !sender || !(rounds > 0)) throw new Error('the environment does not say where to write, whom to ask and how often');
  await vscode.extensions.getExtension(EXTENSION_ID)?.activate();
  const status = await vscode.commands.executeCommand<ReceiverStatus>(COMMANDS.turnReceiverOn);
  if (status.state !== 'on') throw new Error(`the receiver is ${status.state}`);
  // The list of traces is on the screen, and is read again as they come.
  await vscode.commands.executeCommand(`${VIEWS.traces}.focus`);
  const own = `http://127.0.0.1:${status.http}/v1/traces`;
  const delays = { idle: [] as LoopDelay[], ingesting: [] as LoopDelay[], elsewhere: [] as LoopDelay[] };
  // Once before it counts: code is compiled, the lists have been drawn.
  await stretch(() => ask(`${sender}/send`, own), () => ask(`${sender}/stop`));
  for (let round = 0; round < rounds; round++) {
    delays.idle.push(await stretch());
    delays.ingesting.push(await stretch(() => ask(`${sender}/send`, own), () => ask(`${sender}/stop`)));
    delays.elsewhere.push(await stretch(() => ask(`${sender}/send`), () => ask(`${sender}/stop`)));
  }
  writeFileSync(file, JSON.stringify(delays satisfies LoopDelays));
}

async function stretch(begin?: () => Promise<number>, end?: () => Promise<number>): Promise<LoopDelay> {
  await pause(REST_MS);
  await begin?.();
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await pause(STRETCH_MS);
  histogram.disable();
  const ms = (nanoseconds: number): number => nanoseconds / 1e6;
  return { p50: ms(histogram.percentile(50)), p99: ms(histogram.percentile(99)), max: ms(histogram.max), spans: (await end?.()) ?? 0 };
}

/** The number that the sender answers with. */
async function ask(url: string, body = ''): Promise<number> {
  const response = await fetch(url, { method: 'POST', body });
  if (!response.ok) throw new Error(`the sender answered ${response.status}: ${await response.text()}`);
  return Number(await response.text());
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
