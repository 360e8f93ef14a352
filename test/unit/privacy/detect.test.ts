import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSensitive, type SensitiveKind } from '../../../src/core/privacy/detect.ts';
import { Masker } from '../../../src/core/privacy/mask.ts';

const shared = process.env['TOUCHSTONE_SHARED'] ?? path.resolve(import.meta.dirname, '../../../../shared');
const corpus = path.join(shared, 'corpus/golden/pii/synth_dataset_v2.first700.json');
const isHere = existsSync(corpus);

const found = (text: string): string[] => findSensitive(text).map(({ kind, start, end }) => `${kind}: ${text.slice(start, end)}`);

describe('what is sensitive in a text', () => {
  it.each([
    ['write to ana.b+c@mail.example.org, or not', ['email: ana.b+c@mail.example.org']],
    ['card 4111 1111 1111 1111 and 4111 1111 1111 1112', ['credit-card: 4111 1111 1111 1111']],
    ['IBAN DE89 3704 0044 0532 0130 00 please', ['iban: DE89 3704 0044 0532 0130 00']],
    ['from GB82WEST12345698765432 to other accounts', ['iban: GB82WEST12345698765432']],
    ['my SSN is 514-69-0360', ['national-id: 514-69-0360']],
    ['call +41 44 668 18 00 or (905) 674-3793', ['phone: +41 44 668 18 00', 'phone: (905) 674-3793']],
    ['from 106.31.73.20, not 127.0.0.1 nor version 1.2.3.4', ['ip-address: 106.31.73.20']],
    ['at 2001:db8:85a3::8a2e:370:7334', ['ip-address: 2001:db8:85a3::8a2e:370:7334']],
    ['password: hunter2!x and api-key=abcdefgh12345', ['secret: hunter2!x', 'secret: abcdefgh12345']],
    ['-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', ['secret: -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----']],
  ])('%s', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it.each(['on 2026-11-22 at 10:15:30', '22.11.2026', 'order 123456789', '1,234,567.89 euros', 'between 10 and 20 items', 'pi is 3.14159265', 'lines 120-340', 'GPT-4 at $0.0012', 'sha 3f9a1c2e', '17:30 - 18:45', 'std::vector::iterator', 'https://example.org/a/b?c=1'])('has nothing in: %s', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('is found in time that grows with the text, whatever the text', () => {
    for (const piece of ['1', '1 ', 'a@', 'a.', '+1', 'GB82', '::', 'a@b.cc ', '4111111111111111 ', '1.2.3.4 ', 'eyJ', 'password:', '1-', '(1)', 'a'.repeat(64), '-----BEGIN ']) findSensitive(piece.repeat(100_000 / piece.length));
  });

  it('is found anywhere in a text that is looked at in parts, once', () => {
    const filler = (length: number): string => 'word '.repeat(length / 5);
    const text = `${filler(989_990)}ana@example.org ${filler(9_980)}bo@example.org ${filler(1_500_000)}cy@example.org`;
    expect(found(text)).toEqual(['email: ana@example.org', 'email: bo@example.org', 'email: cy@example.org']);
  });

  it.skipIf(!isHere)(isHere ? 'in 700 made-up texts by Microsoft: most of it, and hardly anything else' : 'in 700 texts (skipped: the shared corpus is not here)', () => {
    const kinds: Readonly<Record<string, SensitiveKind>> = { EMAIL_ADDRESS: 'email', CREDIT_CARD: 'credit-card', IBAN_CODE: 'iban', US_SSN: 'national-id', PHONE_NUMBER: 'phone', IP_ADDRESS: 'ip-address' };
    const texts = JSON.parse(readFileSync(corpus, 'utf8')) as { full_text: string; spans: { entity_type: string; start_position: number; end_position: number }[] }[];
    const counts = Object.fromEntries(Object.values(kinds).map((kind) => [kind, { there: 0, found: 0, hits: 0, right: 0 }]));
    for (const { full_text: text, spans } of texts) {
      const ranges = findSensitive(text);
      for (const span of spans) {
        const count = counts[kinds[span.entity_type] ?? ''];
        if (count === undefined) continue;
        count.there++;
        if (ranges.some(({ start, end }) => start < span.end_position && end > span.start_position)) count.found++;
      }
      for (const { kind, start, end } of ranges) {
        const count = counts[kind];
        if (count === undefined) continue;
        count.hits++;
        if (spans.some((span) => span.entity_type in kinds && start < span.end_position && end > span.start_position)) count.right++;
      }
    }
    // The table of docs/privacy.md.
    expect(counts).toEqual({
      email: { there: 25, found: 25, hits: 25, right: 25 },
      'credit-card': { there: 64, found: 64, hits: 65, right: 65 },
      iban: { there: 10, found: 10, hits: 10, right: 10 },
      'national-id': { there: 8, found: 8, hits: 8, right: 8 },
      phone: { there: 43, found: 39, hits: 39, right: 38 },
      'ip-address': { there: 4, found: 4, hits: 4, right: 4 },
    });
  });
});

describe('a masked value', () => {
  it('has one placeholder for one value throughout, and keeps the rest', () => {
    const masker = new Masker();
    const masked = masker.mask({ subject: 'Refund for ana@example.org', body: ['Hi, ANA@example.org here, not bo@example.org.', 7, null], 'key ana@example.org': true });
    expect(masked).toEqual({ subject: 'Refund for [email 1]', body: ['Hi, [email 1] here, not [email 2].', 7, null], 'key [email 1]': true });
    expect(masker.found.map(({ pointer, placeholder, hint }) => [pointer, placeholder, hint])).toEqual([['/subject', '[email 1]', 'a…@e…'], ['/body/0', '[email 1]', 'A…@e…'], ['/body/0', '[email 2]', 'b…@e…'], ['', '[email 1]', 'a…@e…']]);
    expect(JSON.stringify(masker.found)).not.toContain('example');
  });
});
