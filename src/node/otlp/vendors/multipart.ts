import { Refusal } from '../refusal.ts';

export interface MultipartPart {
  readonly name: string;
  readonly contentType: string;
  readonly body: Buffer;
}

/** More parts in one request are an attack or an accident. */
const MAX_PARTS = 100_000;
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
    const headersAt = body.indexOf(CRLF, at, 'latin1');
    const contentAt = body.indexOf(CRLF + CRLF, at, 'latin1');
    const end = body.indexOf(CRLF + delimiter, at, 'latin1');
    if (headersAt < 0 || contentAt < 0 || end < 0 || contentAt > end) throw new Refusal(400, 'a part of multipart/form-data is cut off');
    if (parts.length >= MAX_PARTS) throw new Refusal(400, `multipart/form-data with more than ${MAX_PARTS} parts`);
    const headers = body.toString('utf8', headersAt, contentAt);
    const name = /content-disposition:[^\r\n]*?;\s*name="([^"\r\n]*)"/i.exec(headers)?.[1];
    if (name === undefined) throw new Refusal(400, 'a part of multipart/form-data has no name');
    parts.push({ name, contentType: /content-type:\s*([^\r\n]*)/i.exec(headers)?.[1] ?? '', body: body.subarray(contentAt + 4, Math.max(contentAt + 4, end)) });
    at = end + CRLF.length + delimiter.length;
  }
  return parts;
}
