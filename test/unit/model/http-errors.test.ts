import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/core/model/redact.ts';
import { statusError, type ErrorSubject } from '../../../src/node/models/http-errors.ts';

const KEY = `own/${'k'.repeat(200)}`;
const subject: ErrorSubject = { vendor: 'Gateway', url: 'https://gateway.test/v1', model: 'm', keyName: null, redactor: createRedactor([KEY]) };
const said = (body: unknown): string => statusError(500, body, () => null, subject).message;

describe('what an endpoint says with its error', () => {
  it('is the title of an HTML page, and no search through a page that opens titles without an end', () => {
    expect(said('<html><head><title>502 Bad Gateway</title></head></html>')).toBe('Gateway failed (500). It answered with an HTML page: "502 Bad Gateway".');
    // Looked for in all of it, this would take hours.
    expect(said('<title'.repeat(1_000_000))).toBe('Gateway failed (500). It answered with an HTML page.');
  });

  it('is cut after the secrets were taken out of it, not through one', () => {
    const message = said({ error: { message: `${'x'.repeat(300)} ${KEY} ${'y'.repeat(5_000)}` } });
    expect(message).toContain('x [secret] y');
    expect(message).not.toContain('kkk');
    expect(message.length).toBeLessThan(450);
  });
});
