import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import zlib from 'node:zlib';
import * as grpc from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/tools/paths.ts';
import { encodeMessage } from '../unit/trace/otlp-messages.ts';

let folder = '';
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'touchstone-bundle-')); });
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

function request(spanId: string): object {
  return { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId, name: 'chat', startTimeUnixNano: '5', endTimeUnixNano: '9' }] }] }] };
}

/** What is loaded when the first program speaks gRPC, and what unpacks a body, may be missing or have lost its names in a bundle. */
describe('the built receiver', () => {
  it('takes OTLP over HTTP and gRPC, and hands it to the built store', async () => {
    const served = spawn(join(root, 'bin/touchstone'), ['serve', '--port', '0', '--grpc-port', '0', '--json'], { cwd: folder });
    try {
      const lines = createInterface({ input: served.stdout });
      const [line] = (await once(lines, 'line')) as [string];
      const { receiver } = JSON.parse(line) as { receiver: { http: number; grpc: number } };
      const json = await fetch(`http://127.0.0.1:${receiver.http}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: zlib.gzipSync(JSON.stringify(request('1000000000000001'))) });
      expect([json.status, await json.text()]).toEqual([200, '{}']);
      for (const [port, spanId] of [[receiver.grpc, '1000000000000002'], [receiver.http, '1000000000000003']] as const) {
        const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
        const same = (bytes: Buffer): Buffer => bytes;
        const answer = await new Promise<Buffer | undefined>((resolve, reject) => {
          client.makeUnaryRequest('/opentelemetry.proto.collector.trace.v1.TraceService/Export', same, same, Buffer.from(encodeMessage('ExportTraceServiceRequest', request(spanId))), (error, bytes) => {
            if (error) reject(error);
            else resolve(bytes);
          });
        });
        expect(answer).toHaveLength(0);
        client.close();
      }
      served.kill('SIGINT');
      const told: string[] = [];
      lines.on('line', (text) => told.push(text));
      // With all that it wrote.
      await once(served, 'close');
      expect(JSON.parse(told.at(-1) ?? '{}')).toMatchObject({ received: { spans: 3 } });
    } finally {
      served.kill('SIGKILL');
    }
  });
});
