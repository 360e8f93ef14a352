import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { findIn } from '../../../src/core/trace/findings/find.ts';
import { readTraceText } from '../../../src/core/trace/formats/read.ts';
import { normaliseTraces } from '../../../src/core/trace/normalise/normalise-trace.ts';
import { rawSpan } from './spans.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const shared = process.env['TOUCHSTONE_SHARED'] ?? path.resolve(root, '../shared');
const folder = path.join(shared, 'corpus/traces');
const schema = JSON.parse(readFileSync(path.join(root, 'docs/cli-output.schema.json'), 'utf8')) as object;
const ajv = new Ajv2020({ strict: false });
ajv.addSchema(schema, 'cli');
const validate = ajv.compile({ $ref: 'cli#/$defs/trace' });

function problemsOf(text: string): unknown {
  for (const { traceId, spans, tree } of normaliseTraces(readTraceText(text).spans)) {
    if (!validate(JSON.parse(JSON.stringify({ traceId, spans, findings: findIn({ spans, tree }) })))) return validate.errors;
  }
  return null;
}

describe('canonical spans', () => {
  it('have the shape that `touchstone trace --json` promises', () => {
    const { spans, tree } = normaliseTraces([rawSpan({})])[0]!;
    expect(validate({ traceId: 't', spans, findings: findIn({ spans, tree }) }), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ traceId: 't', spans: [{ ...spans[0], kind: 'span' }], findings: [] })).toBe(false);
  });

  it.skipIf(!existsSync(folder))(`also of the whole corpus (skipped without ${folder})`, () => {
    for (const file of globSync('**/*.{json,traj}', { cwd: folder })) expect(problemsOf(readFileSync(path.join(folder, file), 'utf8')), file).toBeNull();
  });
});
