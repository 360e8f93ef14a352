/**
 * An OpenAI-shaped model on loopback, a process of its own so that it costs the programs under measurement nothing but what
 * a remote endpoint would. `node model-server.ts` prints its address on one line and serves until its input ends.
 *
 *   POST /v1/chat/completions   answers after the latency with what the workload's checks expect
 *   POST /latency               sets the latency of answers; the body is the number of milliseconds
 *   GET  /count                 completions answered since the last time it was asked
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

let latencyMs = 0;
let count = 0;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** The number of the case in "ticket 17" comes back, so that no two answers are the same. */
function completion(requested: string): string {
  const number = Number(/ticket (\d+)/.exec(requested)?.[1] ?? NaN);
  if (!Number.isInteger(number)) return JSON.stringify({ error: { message: 'The request names no ticket.' } });
  const content = JSON.stringify({ ticket: number, queue: 'billing', reason: 'The customer asks about an invoice.' });
  return JSON.stringify({
    id: `chatcmpl-${number}`,
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'bench-model',
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 58, completion_tokens: 21, total_tokens: 79, prompt_tokens_details: { cached_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 0 } },
  });
}

function send(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  if (request.url === '/v1/chat/completions') {
    const text = completion(body);
    const answer = (): void => {
      count++;
      send(response, text);
    };
    if (latencyMs > 0) setTimeout(answer, latencyMs);
    else answer();
  } else if (request.url === '/latency') {
    latencyMs = Number(body);
    send(response, '{}');
  } else if (request.url === '/count') {
    send(response, JSON.stringify({ count }));
    count = 0;
  } else {
    response.writeHead(404).end();
  }
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  serve(request, response).catch((error: unknown) => response.destroy(error as Error));
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
// Whoever started it is gone.
process.stdin.resume().once('end', () => process.exit(0));
