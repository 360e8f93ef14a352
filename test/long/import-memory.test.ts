import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../../scripts/tools/paths.ts';
import { must } from '../../scripts/tools/processes.ts';
import { makeLoad } from '../bench/tools/ingest-load.ts';
import { measure } from '../bench/tools/measure.ts';

/** Needs 3 GB of disk for a while. */
const FILE_BYTES = 1e9;
const SPANS_OF_TRACE = 8;
/** Measured: 404 MB (53 of them Node's own program, shared with others). */
const LIMIT_MB = 450;

let folder: string;
beforeAll(async () => {
  await must(process.execPath, ['scripts/build.mjs'], { cwd: root });
  folder = await mkdtemp(join(tmpdir(), 'touchstone-import-memory-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A line is a request with 512 spans. How many spans there are in all. */
async function writeFile(file: string): Promise<number> {
  const out = createWriteStream(file);
  let spans = 0;
  for (let bytes = 0; bytes < FILE_BYTES; ) {
    const load = makeLoad(1, SPANS_OF_TRACE, spans);
    spans += load.spans;
    for (const line of load.json) {
      bytes += line.length + 1;
      out.write(line);
      if (!out.write('\n')) await once(out, 'drain');
    }
  }
  out.end();
  await once(out, 'finish');
  return spans;
}

it(`imports 1 GB of OTLP/JSON with at most ${LIMIT_MB} MB of memory`, async () => {
  const file = join(folder, 'spans.jsonl');
  const spans = await writeFile(file);
  const { peakMb, stdout } = await measure(join(root, 'bin/touchstone'), ['import', file, '--json'], { cwd: folder, env: process.env });
  expect(JSON.parse(stdout)).toMatchObject({ files: [{ format: 'otlp', spans, traces: spans / SPANS_OF_TRACE, rejected: [] }] });
  expect(peakMb).toBeLessThan(LIMIT_MB);
}, 1_800_000);
