import { isObject, type JsonObject } from '../../../core/json.ts';
import { parseKeepingLongIntegers } from '../../../core/trace/parse-json.ts';
import type { Rejection } from '../../../core/trace/model.ts';
import { HAS_ZSTD } from '../inflate.ts';
import { readMultipart, type MultipartPart } from './multipart.ts';

/** What LangSmith's SDKs ask before they send: how large their batches may be and how they may be packed. */
export function langsmithInfo(bodyLimit: number): JsonObject {
  return {
    instance_flags: { gzip_body_enabled: true, zstd_compression_enabled: HAS_ZSTD },
    batch_ingest_config: {
      use_multipart_endpoint: true,
      size_limit: 100,
      size_limit_bytes: Math.min(20 * 1024 * 1024, bodyLimit),
      scale_up_qsize_trigger: 1000,
      scale_up_nthreads_limit: 16,
      scale_down_nempty_trigger: 4,
    },
  };
}

/** Runs as `POST /runs/batch` has them, with the feedback that came along. */
export interface LangsmithBatch {
  readonly document: { readonly post: JsonObject[]; readonly patch: JsonObject[]; readonly feedback: JsonObject[] };
  readonly rejected: readonly Rejection[];
}

/**
 * The runs of `POST /runs/multipart`: a part `post.<id>` or `patch.<id>` holds a run without its large members, which come as
 * parts of their own (`post.<id>.inputs`); `attachment.<id>.<name>` is a file, `feedback.<id>` a score.
 * A part that cannot be read is rejected alone.
 * @throws Refusal 400 when the body is no form
 */
export function readLangsmithParts(contentType: string, body: Uint8Array): LangsmithBatch {
  const batch: Runs = { post: new Map(), patch: new Map(), attachments: new Map(), feedback: [] };
  const rejected: Rejection[] = [];
  for (const part of readMultipart(contentType, body)) {
    const reason = place(part, batch);
    if (reason !== null) rejected.push({ where: `part ${part.name}`, reason, value: Uint8Array.from(part.body) });
  }
  for (const [id, attachments] of batch.attachments) add(batch.post.has(id) ? batch.post : batch.patch, id, { attachments });
  return { document: { post: [...batch.post.values()].map(asRun), patch: [...batch.patch.values()].map(asRun), feedback: batch.feedback }, rejected };
}

interface Runs {
  /** By their ids. */
  readonly post: Map<string, JsonObject>;
  readonly patch: Map<string, JsonObject>;
  readonly attachments: Map<string, JsonObject>;
  readonly feedback: JsonObject[];
}

/** Into the object that is there: a run of a hundred thousand attachments must not be copied for each of them. */
function add(runs: Map<string, JsonObject>, id: string, members: JsonObject): void {
  let run = runs.get(id);
  if (run === undefined) runs.set(id, (run = { id }));
  for (const [name, value] of Object.entries(members)) setMember(run, name, value);
}

/** `__proto__` is a name like any other. */
function setMember(object: JsonObject, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  else object[name] = value;
}

/** A patch may say only what has changed; a run is known by its kind. */
function asRun(run: JsonObject): JsonObject {
  return 'run_type' in run || 'dotted_order' in run ? run : { ...run, run_type: null };
}

/** Puts a part where it belongs; else why not. */
function place(part: MultipartPart, batch: Runs): string | null {
  const [kind, id, member] = part.name.split('.', 3);
  if (id === undefined || (kind !== 'post' && kind !== 'patch' && kind !== 'attachment' && kind !== 'feedback')) return 'the name of the part is none that is known';
  if (kind === 'attachment') {
    if (member === undefined) return 'the attachment has no name';
    add(batch.attachments, id, { [member]: `data:${part.contentType.split(';')[0]!.trim()};base64,${part.body.toString('base64')}` });
    return null;
  }
  const parsed = parseKeepingLongIntegers(part.body.toString('utf8'));
  if ('error' in parsed) return `not valid JSON: ${parsed.error}`;
  if (kind === 'feedback') {
    if (!isObject(parsed.value)) return 'not an object';
    batch.feedback.push(parsed.value);
  } else if (member === undefined) {
    if (!isObject(parsed.value)) return 'not an object';
    add(batch[kind], id, parsed.value);
  } else {
    if (!MEMBERS.has(member)) return 'the name of the part is none that is known';
    add(batch[kind], id, { [member]: parsed.value });
  }
  return null;
}

/** Those that come as parts of their own. */
const MEMBERS = new Set(['inputs', 'outputs', 'events', 'extra', 'error', 'serialized']);
