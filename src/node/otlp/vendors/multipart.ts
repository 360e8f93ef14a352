import { Refusal } from '../refusal.ts';

export interface MultipartPart {
  readonly name: string;
  readonly contentType: string;
  readonly body: Buffer;
}

/** More parts in one request are an attack or an accident. */
const MAX_PARTS = 100_000;
/** Of the headers of one part. */
const MAX_HEADERS = 4096;
const CRLF = '\r\n';

/**
 * The parts of `multipart/form-data`, with their bytes as they are. (General parsers of forms decode a part without a file name
 * as text, and LangSmith's SDKs send images that way.)
 * @throws Refusal 400 when the body is no such form
 */
export function readMultipart(contentType: string, bytes: Uint8Array): MultipartPart[] {
  const boundary = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType);
  if (!boundary) throw new Refusal(400, 'multipart/form-data without a boundary');
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const delimiter = `--${boundary[1] ?? boundary[2]!}`;
  const parts: MultipartPart[] = [];
  let at = body.indexOf(delimiter);
  if (at < 0) throw new Refusal(400, 'the boundary of multipart/form-data is not in the body');
  at += delimiter.length;
  while (!body.subarray(at, at + 2).equals(Buffer.from('--'))) {
    const headersEnd = body.subarray(at, at + MAX_HEADERS).indexOf(CRLF + CRLF);
    const end = headersEnd < 0 ? -1 : body.indexOf(CRLF + delimiter, at + headersEnd);
    if (end < 0) throw new Refusal(400, 'a part of multipart/form-data is cut off, or has no headers');
    if (parts.length >= MAX_PARTS) throw new Refusal(400, `multipart/form-data with more than ${MAX_PARTS} parts`);
    const headers = readHeaders(body.toString('utf8', at, at + headersEnd));
    const name = /;\s*name="([^"]*)"/i.exec(headers.get('content-disposition') ?? '')?.[1];
    if (name === undefined) throw new Refusal(400, 'a part of multipart/form-data has no name');
    // An empty part ends with the line break that ends its headers.
    const start = at + headersEnd + 2 * CRLF.length;
    parts.push({ name, contentType: headers.get('content-type') ?? '', body: body.subarray(start, Math.max(start, end)) });
    at = end + CRLF.length + delimiter.length;
  }
  return parts;
}

function readHeaders(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of text.split(CRLF)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}
