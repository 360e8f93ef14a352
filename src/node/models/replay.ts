import { statSync } from 'node:fs';
import { TouchstoneError } from '../../core/errors.ts';
import { canonicalJson, isObject, type JsonObject } from '../../core/json.ts';
import { valueAt } from '../../core/model/dot-path.ts';
import { ModelError, type CallContext, type Model, type ModelRef, type ModelReply, type ModelRequest } from '../../core/model/model.ts';
import { cancelledError } from './http-errors.ts';
import { usageOf } from './program-answer.ts';
import { readRecords } from './records.ts';

/** How a case finds its recording, and where in it things stand. Paths are dotted. */
export interface ReplaySettings {
  /** In the case: `id`, `index`, or a variable. */
  readonly caseKey: string;
  /** In the recording: a field, or `index` for its row. */
  readonly recordKey: string;
  readonly output: string;
  /** Milliseconds. */
  readonly latency: string | null;
  readonly usage: string | null;
  /** US dollars. */
  readonly cost: string | null;
  readonly finishReason: string | null;
}

/** A recording without what nobody asks for: the whole file is never held. */
interface Recording {
  readonly output: unknown;
  readonly latency: unknown;
  readonly usage: unknown;
  readonly cost: unknown;
  readonly finishReason: unknown;
}

/** @throws TouchstoneError 'invalid-config' */
export function replaySettings(config: JsonObject, field: string | null): ReplaySettings {
  const path = (key: string): string | null => {
    const value = config[key];
    if (value === undefined || value === null) return null;
    if (typeof value === 'string' && value !== '') return value;
    throw new TouchstoneError('invalid-config', `The setting \`${key}\` of a replayed model must be the path of a field.`);
  };
  const { match } = config;
  let caseKey = 'id';
  let recordKey = 'id';
  if (typeof match === 'string') caseKey = recordKey = match;
  else if (isObject(match) && typeof match['case'] === 'string' && typeof match['record'] === 'string') ({ case: caseKey, record: recordKey } = match as { case: string; record: string });
  else if (match !== undefined) throw new TouchstoneError('invalid-config', 'The setting `match` of a replayed model is `id`, `index`, the name of a field, or `{case: …, record: …}`.');
  return { caseKey, recordKey, output: field ?? path('output') ?? 'output', latency: path('latency'), usage: path('usage'), cost: path('cost'), finishReason: path('finishReason') };
}

/** Recorded outputs from a file, found by case. Several recordings of one case answer its repeats in turn. */
export class ReplayModel implements Model {
  readonly ref: ModelRef;
  readonly endpoint: string;
  readonly kind = 'replay' as const;
  readonly identity: JsonObject;
  readonly cacheable = false;
  readonly #path: string;
  readonly #settings: ReplaySettings;
  #recordings: Promise<ReadonlyMap<string, readonly Recording[]>> | null = null;

  /** @throws TouchstoneError 'not-found' */
  constructor(ref: ModelRef, path: string, settings: ReplaySettings) {
    this.ref = ref;
    this.#path = path;
    this.#settings = settings;
    this.endpoint = `replay:${path}`;
    const file = statSync(path, { throwIfNoEntry: false });
    if (file === undefined) throw new TouchstoneError('not-found', `The recorded outputs ${path} do not exist.`, { place: { file: path } });
    this.identity = { adapter: 'replay', path, size: file.size, modified: file.mtimeMs, settings: { ...settings } };
  }

  async generate(request: ModelRequest, { signal, onText }: CallContext): Promise<ModelReply> {
    if (signal.aborted) throw cancelledError();
    this.#recordings ??= this.#read();
    const recordings = await this.#recordings;
    if (signal.aborted) throw cancelledError();
    const key = caseValue(request, this.#settings.caseKey);
    if (key === undefined) throw new ModelError('not-found', `The case ${request.case.id} has no \`${this.#settings.caseKey}\` to find its recorded output by.`, { transient: false });
    const found = recordings.get(keyText(key));
    const recording = found?.[request.repeat % found.length];
    if (recording === undefined) {
      throw new ModelError('not-found', `There is no recorded output for the case ${request.case.id} (${this.#settings.recordKey} = ${keyText(key).slice(0, 80)}) in ${this.#path}.`, { transient: false });
    }
    const { output } = recording;
    if (output === undefined) throw new ModelError('not-found', `The recording of the case ${request.case.id} has no field \`${this.#settings.output}\` (${this.#path}).`, { transient: false });
    const text = typeof output === 'string' ? output : output === null ? '' : JSON.stringify(output);
    if (text !== '') onText?.(text);
    return {
      text,
      ...(typeof output === 'string' || output === null ? {} : { data: output }),
      toolCalls: [],
      finishReason: typeof recording.finishReason === 'string' ? recording.finishReason : null,
      usage: usageOf(recording.usage),
      reportedCost: number(recording.cost),
      ...(number(recording.latency) === null ? {} : { latencyMs: number(recording.latency)! }),
    };
  }

  async #read(): Promise<Map<string, Recording[]>> {
    const { recordKey, output, latency, usage, cost, finishReason } = this.#settings;
    const recordings = new Map<string, Recording[]>();
    for await (const { index, value } of readRecords(this.#path)) {
      const key = valueAt(value, recordKey) ?? (recordKey === 'index' ? index : undefined);
      if (key === undefined) continue;
      const recording: Recording = {
        output: valueAt(value, output),
        latency: latency === null ? undefined : valueAt(value, latency),
        usage: usage === null ? undefined : valueAt(value, usage),
        cost: cost === null ? undefined : valueAt(value, cost),
        finishReason: finishReason === null ? undefined : valueAt(value, finishReason),
      };
      const text = keyText(key);
      const same = recordings.get(text);
      if (same === undefined) recordings.set(text, [recording]);
      else same.push(recording);
    }
    return recordings;
  }
}

/** A variable first: a dataset may well have a variable called `id` or `index`… but a case always has its own id. */
function caseValue(request: ModelRequest, key: string): unknown {
  if (key === 'id') return request.case.id;
  const variable = valueAt(request.case.vars, key);
  if (variable !== undefined) return variable;
  return valueAt({ vars: request.case.vars, index: request.case.index, expected: request.case.expected, metadata: request.case.metadata }, key);
}

/** `7`, `"7"` and a CSV's `7` are the same key. */
function keyText(key: unknown): string {
  return typeof key === 'string' || typeof key === 'number' ? String(key) : canonicalJson(key);
}

function number(value: unknown): number | null {
  const amount = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof amount === 'number' && Number.isFinite(amount) && amount >= 0 ? amount : null;
}
