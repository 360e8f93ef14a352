import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/core/model/redact.ts';

describe('the redactor', () => {
  it('removes a secret as it stands, in JSON and in a URL', () => {
    const redactor = createRedactor(['p"a/s s&w0rd']);
    const texts = ['is p"a/s s&w0rd here', JSON.stringify({ key: 'p"a/s s&w0rd' }), `https://x/?k=${encodeURIComponent('p"a/s s&w0rd')}`];
    for (const text of texts) {
      expect(redactor.redactValues(text)).toContain('[secret]');
      expect(redactor.redactValues(text)).not.toMatch(/w0rd/);
    }
  });

  it('is not held up by what an endpoint may answer', () => {
    // Minutes, were the spaces looked at again from each of them.
    for (const text of [`api-key${' '.repeat(400_000)}`, `api-key:${' '.repeat(400_000)}`]) expect(createRedactor().redact(text) === text).toBe(true);
  });

  it('takes the longer of two secrets that begin alike', () => {
    expect(createRedactor(['abcdefgh', 'abcdefgh-ijkl']).redactValues('abcdefgh-ijkl')).toBe('[secret]');
  });

  it('leaves short values and other texts as they are', () => {
    const redactor = createRedactor(['yes', '', '      ']);
    expect(redactor.redactValues('yes, this is said')).toBe('yes, this is said');
    expect(redactor.redactValues('sk-this-is-only-a-shape-1234')).toBe('sk-this-is-only-a-shape-1234');
  });

  it.each([
    'Incorrect API key provided: sk-proj-abcDEF0123456789',
    'Authorization: Bearer abcdefghijklmnop',
    '{"x-api-key": "0123456789abcdef"}',
    'GET /v1?api_key=0123456789abcdef',
    'AIzaSyA0123456789abcdefghijklmnopqrstuv',
    'ghp_0123456789abcdefghij',
    'http://user:p4ssword@proxy:3128',
    'xai_0123456789abcdef',
    'hf_0123456789abcdefghij',
    'github_pat_0123456789abcdefghij',
    'akia0123456789ABCDEF',
    'authorization: basic abcdefghijklmnop',
    'GET /v1?a=b&access_token=0123456789abcdef',
  ])('knows the shape of a key in: %s', (text) => {
    const redacted = createRedactor().redact(text);
    expect(redacted).toContain('[secret]');
    expect(redacted).not.toMatch(/0123456789abc|abcdefghijklmnop|p4ssword|abcDEF/);
  });

  it('leaves ordinary words alone', () => {
    for (const text of ['The bearer of this letter', 'ask-me-anything about risk', 'Basic usage of the key: see docs', 'https://example.com:443/path']) expect(createRedactor().redact(text)).toBe(text);
  });
});
