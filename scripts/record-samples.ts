/**
 * `node scripts/record-samples.ts`: records the traces of the sample workspace again, after its programs have changed. The agent answers by
 * its own rules; the tickets are put into queues by `local:labels`, behind an endpoint of OpenAI's form on loopback. Needs the built runtime.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { ChatMessage } from '../src/core/model/model.ts';
import { borrowEmbedder } from '../src/node/models/local-embedder.ts';
import { LocalLabelsModel } from '../src/node/models/local-labels.ts';
import { root } from './tools/paths.ts';

const folder = join(root, 'examples');
const AGENT = 'traces/support-agent.jsonl';
const TRIAGE = 'traces/triage.jsonl';
/** Subject, body, plan. The first one goes where it should; the second, a sync that fails, to `account`. */
const TICKETS = [
  ['Charged for a seat that we gave up', 'We removed one member in April, and the invoice of May still has four seats. Please correct it.', 'Team'],
  ['Calendar does not sync any more', 'Events that I add on my phone no longer show up in the web calendar. It worked until yesterday evening.', 'Pro'],
] as const;

const run = promisify(execFile);
const embedder = borrowEmbedder(null);
const model = new LocalLabelsModel({ id: 'local:labels' }, embedder.embedder);
const server = createServer((request, response) => void answer(request, response));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
try {
  // Loading it is no part of what an answer takes.
  await embedder.embedder.embed(['ticket'], new AbortController().signal);
  for (const file of [AGENT, TRIAGE]) rmSync(join(folder, file), { force: true });
  await record('agent/support-agent.mjs', AGENT);
  await record('agent/support-agent.mjs', AGENT, 'Can everything in a workspace be exported?');
  for (const ticket of TICKETS) await record('app/triage.mjs', TRIAGE, ...ticket);
} finally {
  server.close();
  embedder.release();
}

async function record(program: string, file: string, ...args: string[]): Promise<void> {
  const { stdout } = await run(process.execPath, [program, '--record', file, ...args], { cwd: folder, env: { ...process.env, OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` } });
  process.stdout.write(stdout);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { messages } = JSON.parse(await text(request)) as { readonly messages: readonly ChatMessage[] };
  const reply = await model.generate({ messages, promptText: '', case: { id: 'sample', vars: {} }, repeat: 0, parameters: {} }, { signal: new AbortController().signal });
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({
    object: 'chat.completion',
    model: 'local:labels',
    choices: [{ index: 0, message: { role: 'assistant', content: reply.text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: reply.usage?.input ?? 0, completion_tokens: reply.usage?.output ?? 0 },
  }));
}
