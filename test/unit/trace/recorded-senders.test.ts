import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../scripts/tools/paths.ts';
import { readTraceDocuments } from '../../../src/core/trace/formats/read.ts';
import { normaliseTraces } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { expectAgentRun, type AskedModel } from '../../senders/expectations.ts';
import { SENDERS } from '../../senders/senders.ts';

interface Recording {
  readonly sender: string;
  readonly asked: readonly AskedModel[];
  readonly documents: readonly unknown[];
}

const FOLDER = join(root, 'test/fixtures/senders');

/**
 * What some of the SDKs sent, recorded by running them (test/senders): the same must be seen of it where nothing is installed.
 * Protobuf is kept as the same spans in JSON, and who ran it is left out.
 */
describe('recorded senders', () => {
  it.each(readdirSync(FOLDER))('%s', (file) => {
    const recording = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Recording;
    const sender = SENDERS.find(({ name }) => name === recording.sender);
    const read = readTraceDocuments(recording.documents.map((value, index) => ({ where: `request ${index + 1}`, value })));
    expect(read.rejected).toEqual([]);
    const traces = normaliseTraces(read.spans, read.logs);
    expect(traces).toHaveLength(1);
    expectAgentRun(traces[0]!, recording.asked, sender!.sends);
  });
});
