import { recogniseLink } from '../../../core/links/recognise.ts';

/** An address, or an id where the line says that it is one: 32 hex digits alone are as often something else. */
const CANDIDATE = /\bhttps?:\/\/[^\s<>"'`|]+|\bvscode(?:-insiders)?:\/\/touchstone\.touchstone\/[^\s<>"'`|]+|\b00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b|(?<=\btrace[ _-]?id["']?\s{0,3}[=:]\s{0,3}["']?)[0-9a-f]{32}\b/gi;
const LONGEST_LINE = 8192;
/** Punctuation of the sentence around an address. */
const AROUND = /[)\]},.;:!?]+$/;

/** The links to traces in a line that a program printed. */
export function findLinks(line: string): { readonly startIndex: number; readonly length: number; readonly text: string }[] {
  if (line.length > LONGEST_LINE) return [];
  return [...line.matchAll(CANDIDATE)].flatMap((match) => {
    const text = match[0].replace(AROUND, '');
    const link = recogniseLink(text);
    return link === null || link.backend === 'unknown' ? [] : [{ startIndex: match.index, length: text.length, text }];
  });
}
