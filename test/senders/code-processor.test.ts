import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { root } from '../../scripts/tools/paths.ts';
import { installedSender } from './installed.ts';

const PAGE = readFileSync(join(root, 'docs/code.md'), 'utf8');
const blockOf = (language: string): string => new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(PAGE)?.[1] ?? '';

let folder = '';
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What docs/code.md has to paste is run as it stands there. */
describe('the span processor of docs/code.md', () => {
  it('in JavaScript says which line of the app began a span', { timeout: 10 * 60_000 }, async () => {
    folder = mkdtempSync(join(tmpdir(), 'touchstone code-'));
    symlinkSync(await installedSender('otel'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'code-processor.mjs'), blockOf('js'));
    writeFileSync(
      join(folder, 'app.mjs'),
      `import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { CodeSpanProcessor } from './code-processor.mjs';
const exporter = new InMemorySpanExporter();
const exporting = new SimpleSpanProcessor({ exporter });
const sdk = new NodeSDK({ spanProcessors: [new CodeSpanProcessor(), exporting], instrumentations: [] });
sdk.start();
async function lookupOrder() {
  await null;
  trace.getTracer('app').startSpan('lookup').end();
}
await lookupOrder();
await exporting.forceFlush();
console.log(JSON.stringify(exporter.getFinishedSpans().map(({ attributes }) => attributes)));
`,
    );
    const printed = execFileSync(process.execPath, [join(folder, 'app.mjs')], { encoding: 'utf8', env: { ...process.env, OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' } });
    expect(JSON.parse(printed)).toEqual([{ 'code.file.path': join(folder, 'app.mjs'), 'code.line.number': 11, 'code.column.number': 26, 'code.function.name': 'lookupOrder' }]);
  });

  it('in Python does the same, with a stand-in for the SDK', () => {
    folder = mkdtempSync(join(tmpdir(), 'touchstone-code-'));
    const sdk = join(folder, 'stand-in/opentelemetry/sdk/trace');
    mkdirSync(sdk, { recursive: true });
    writeFileSync(join(sdk, '__init__.py'), 'class SpanProcessor:\n    pass\n\n\ndef start(processor, span):\n    processor.on_start(span)\n');
    writeFileSync(join(folder, 'code_processor.py'), blockOf('python'));
    writeFileSync(join(folder, 'app.py'), 'import json\nfrom opentelemetry.sdk.trace import start\nfrom code_processor import CodeSpanProcessor\n\n\nclass Span(dict):\n    set_attribute = dict.__setitem__\n\n\ndef lookup_order(span):\n    start(CodeSpanProcessor(), span)\n    return span\n\n\nprint(json.dumps(lookup_order(Span())))\n');
    const printed = execFileSync('python3', [join(folder, 'app.py')], { encoding: 'utf8', env: { ...process.env, PYTHONPATH: join(folder, 'stand-in') } });
    expect(JSON.parse(printed)).toEqual({ 'code.file.path': join(folder, 'app.py'), 'code.line.number': 11, 'code.function.name': 'lookup_order' });
  });
});
