import { describe, expect, it, vi } from 'vitest';
import { htmlError, statusError, type SourceSubject } from '../../../src/node/sources/errors.ts';
import { problemAtSource } from '../../../src/extension/traces/source-wording.ts';

vi.mock('vscode', () => ({ l10n: { t: (text: string) => text } }));

describe('a failure below the row of its source', () => {
  const subject: SourceSubject = { name: 'production', vendor: 'Jaeger', host: '127.0.0.1:16686', secrets: ['JAEGER_KEY'], redact: (text) => text };

  it('says what is wrong first: whose it is stands above', () => {
    expect(problemAtSource(statusError(401, '', null, subject).message, subject)).toMatch(/^Does not accept the key \(401\): check JAEGER_KEY/);
    expect(problemAtSource(htmlError('<title>Sign in</title>', subject).message, subject)).toMatch(/^Answered with an HTML page \(“Sign in”\)/);
  });

  it('stays as it is where it is of something else', () => {
    expect(problemAtSource('The engine stopped.', { name: 'production' })).toBe('The engine stopped.');
    expect(problemAtSource('Jaeger at h (source "other") failed.', { name: 'production' })).toBe('Jaeger at h (source "other") failed.');
  });
});
