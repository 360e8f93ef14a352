import { describe, expect, it, vi } from 'vitest';
import { traceDescription } from '../../../src/extension/traces/wording.ts';
import type { TraceRow } from '../../../src/protocol/traces.ts';

vi.mock('vscode', () => ({ l10n: { t: (text: string, ...values: unknown[]) => text.replaceAll(/\{(\d)\}/g, (_, at: string) => String(values[Number(at)])) } }));

const ROW: TraceRow = {
  traceId: '0af7651916cd43dd8448eb211c80319c', name: 'support-agent', startNs: '1790000000000000000', durationNs: '4200000000', spans: 31, running: 0, errors: 1, hiddenErrors: 0, llmCalls: 9, toolCalls: 6,
  tokens: 31_204, inputTokens: 30_000, outputTokens: 1204, cost: 0.083, unpriced: 0, service: null, environment: 'staging', session: null, user: null, models: [], tags: [], preview: 'My refund is late', origin: 'received', revision: 3,
};

describe('what stands behind the name of a trace', () => {
  it('begins with what the list is sorted by, then with what tells it from traces of its name', () => {
    expect(traceDescription(ROW, 'duration')).toMatch(/^4\.2 s · My refund is late · 1 error · \$0\.0830 · 31,204 tok · .*\d\d:\d\d · staging$/);
    expect(traceDescription(ROW, 'errors')).toMatch(/^1 error · My refund is late · 4\.2 s/);
  });

  it('leaves out what is not known', () => {
    expect(traceDescription({ ...ROW, preview: null, errors: 0, environment: null, cost: null, tokens: null }, 'duration')).toMatch(/^4\.2 s · [^·]+$/);
  });
});
