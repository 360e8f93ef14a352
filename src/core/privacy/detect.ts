import { keyRanges } from '../model/redact.ts';

/** What is looked for. Names and postal addresses have no shape: finding those needs a model, and is not promised. */
export type SensitiveKind = 'secret' | 'email' | 'credit-card' | 'iban' | 'national-id' | 'phone' | 'ip-address';

export interface SensitiveText {
  readonly kind: SensitiveKind;
  /** In UTF-16 units of the text. */
  readonly start: number;
  readonly end: number;
}

interface Rule {
  readonly kind: SensitiveKind;
  /** Global; the whole match counts. Every one is linear: its parts exclude what ends them. */
  readonly pattern: RegExp;
  readonly holds?: (match: string, text: string, start: number) => boolean;
}

/** In the order of precedence: what an earlier rule has taken, a later one leaves. */
const RULES: readonly Rule[] = [
  { kind: 'secret', pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s]{0,8000}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g },
  { kind: 'secret', pattern: /\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,1000}/g },
  { kind: 'secret', pattern: /\bxox[abposr]-[A-Za-z0-9-]{10,200}/g },
  { kind: 'secret', pattern: /(?<=\b(?:password|passwd|pwd|passphrase|secret|client_secret)["']?\s{0,3}(?:[:=]|\bis\b)\s{0,3}["']?)[^\s"',;]{4,200}/gi },
  { kind: 'email', pattern: /[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}\p{L}{2,24}/gu },
  { kind: 'iban', pattern: /\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b/gi, holds: isIban },
  { kind: 'iban', pattern: /\b[A-Z]{2}\d{2}(?:[ -][A-Z0-9]{4}){2,7}(?:[ -][A-Z0-9]{1,3})?\b/g, holds: isIban },
  { kind: 'credit-card', pattern: /(?<![\d.,-])\d(?:[ -]?\d){11,18}(?![\d]|[.,-]\d)/g, holds: isCardNumber },
  // United States: area not 000, 666 or 9xx, group and serial not zero (Social Security Administration, since 2011).
  { kind: 'national-id', pattern: /(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g },
  { kind: 'ip-address', pattern: /(?<![\d.])(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![\d.]\d|\d)/g, holds: isPersonalAddress },
  { kind: 'ip-address', pattern: /(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,7}(?![\w:.])/gi, holds: (match) => /\d/.test(match) && match.split(':').length >= 4 },
  { kind: 'phone', pattern: /(?<![\w.,/+-])(?:\+|00)[1-9](?:[ .()-]{0,2}\d){7,14}(?![\d/]|[.,-]\d)/g },
  { kind: 'phone', pattern: /(?<![\w.,/:+-])\(?\d{2,5}(?:(?:\)[ .-]?|[ .-]\(?)\d{2,7}){1,5}(?![\d/:]|[.,-]\d)/g, holds: isPhoneNumber },
];

/** Longer texts are looked at in parts. */
const LONGEST_PART = 1_000_000;
/** Parts overlap by more than anything that is looked for is long, but for private keys, whose second half is no key. */
const OVERLAP = 10_000;

/**
 * Secrets and personal data with a recognisable shape, in the order of the text, none of which overlap. Cards are
 * checked by Luhn's digit and IBANs by the length of their country; of phone numbers the grouping decides, so that plain numbers and dates stay.
 */
export function findSensitive(text: string): SensitiveText[] {
  if (text.length <= LONGEST_PART) return findInPart(text);
  const found: SensitiveText[] = [];
  for (let from = 0; from < text.length; from += LONGEST_PART - OVERLAP) {
    for (const { kind, start, end } of findInPart(text.slice(from, from + LONGEST_PART))) {
      const last = found.at(-1);
      // What the part before has seen up to its end may go on.
      if (last === undefined || from + start >= last.end) found.push({ kind, start: from + start, end: from + end });
      else if (from + end > last.end) found[found.length - 1] = { ...last, end: from + end };
    }
  }
  return found;
}

function findInPart(examined: string): SensitiveText[] {
  const found: SensitiveText[] = [];
  const taken = new Uint8Array(examined.length);
  const take = (kind: SensitiveKind, start: number, end: number): void => {
    for (let i = start; i < end; i++) if (taken[i] === 1) return;
    taken.fill(1, start, end);
    found.push({ kind, start, end });
  };
  for (const [start, end] of keyRanges(examined)) take('secret', start, end);
  for (const { kind, pattern, holds } of RULES) {
    for (const match of examined.matchAll(pattern)) {
      if (holds === undefined || holds(match[0], examined, match.index)) take(kind, match.index, match.index + match[0].length);
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Luhn (ISO/IEC 7812-1), for numbers that begin as those of cards do. */
function isCardNumber(match: string): boolean {
  const digits = match.replace(/\D/g, '');
  if (!/^[1-6]/.test(digits) || /^(\d)\1+$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Lengths by country (SWIFT IBAN registry); a country that is not here is none that issues them. */
const IBAN_LENGTHS: Readonly<Record<string, number>> = {
  AD: 24, AE: 23, AL: 28, AT: 20, AZ: 28, BA: 20, BE: 16, BG: 22, BH: 22, BR: 29, BY: 28, CH: 21, CR: 22, CY: 28, CZ: 24, DE: 22, DK: 18, DO: 28, EE: 20, EG: 29, ES: 24, FI: 18, FO: 18, FR: 27,
  GB: 22, GE: 22, GI: 23, GL: 18, GR: 27, GT: 28, HR: 21, HU: 28, IE: 22, IL: 23, IQ: 23, IS: 26, IT: 27, JO: 30, KW: 30, KZ: 20, LB: 28, LC: 32, LI: 21, LT: 20, LU: 20, LV: 21, LY: 25, MC: 27,
  MD: 24, ME: 22, MK: 19, MR: 27, MT: 31, MU: 30, NL: 18, NO: 15, PK: 24, PL: 28, PS: 29, PT: 25, QA: 29, RO: 24, RS: 22, SA: 24, SC: 31, SE: 24, SI: 19, SK: 24, SM: 27, ST: 25, SV: 28, TL: 23,
  TN: 24, TR: 26, UA: 29, VA: 22, VG: 24, XK: 20,
};

/** ISO 13616: the length of the country. Check digits are not asked for: a mistyped account is somebody's account too. */
function isIban(match: string): boolean {
  const compact = match.replace(/[ -]/g, '').toUpperCase();
  return IBAN_LENGTHS[compact.slice(0, 2)] === compact.length;
}

/** Addresses that everybody has (loopback, unspecified) or that are no hosts tell of nobody; versions are written alike. */
function isPersonalAddress(match: string, text: string, start: number): boolean {
  return !/^(?:127\.|0\.0\.0\.0|255\.255\.)/.test(match) && !/(?:version|v|release)\s?$/i.test(text.slice(Math.max(0, start - 10), start));
}

/** Groups of digits as numbers of phones have them, seven to thirteen digits together; dates, times and amounts are grouped alike. */
function isPhoneNumber(match: string, text: string, start: number): boolean {
  const digits = match.replace(/\D/g, '');
  if (digits.length < 7 || digits.length > 13) return false;
  if (/^(?:19|20)\d\d[ .-](?:0?[1-9]|1[0-2])[ .-]\d/.test(match) || /^\d{1,2}[ .-]\d{1,2}[ .-](?:19|20)?\d\d$/.test(match)) return false;
  const groups = match.split(/[ ().-]+/).filter((group) => group !== '');
  const named = /(?:phone|call|tel|mobile|cell|fax|number|contact|whatsapp|dial|reach)[^.]{0,40}$/i.test(text.slice(Math.max(0, start - 60), start));
  // Two numbers in a row are no phone number by themselves.
  return named || groups.length >= 3 || /^\(?0/.test(match) || /^\(\d/.test(match);
}
