import type { JsonObject } from '../../json.ts';
import { jsonOf, jsonOfAttributes } from '../any-value.ts';
import type { AnyValue, KeyValue, RawLog, RawSpan, Resource } from '../model.ts';
import { compareNanos } from '../time.ts';
import { parsed } from './json-text.ts';
import { unflatten } from './unflatten.ts';

/** Something that happened within a span: an event on it, or a log record that names it. */
export interface ViewEvent {
  readonly name: string;
  readonly timeNs: string;
  readonly attributes: JsonObject;
  /** Body of a log record, as JSON. */
  readonly body: unknown;
  /** How provenance names it: `event gen_ai.choice`, `log claude_code.api_request`. */
  readonly source: string;
}

/** A batch's spans share their resource, which may be large: it is read once and not for each of them. */
const RESOURCES = new WeakMap<Resource, Readonly<JsonObject>>();

/** Reads a span's attributes by key. Of a key that was sent twice the last value stands. */
export class SpanView {
  readonly span: RawSpan;
  readonly events: readonly ViewEvent[];
  readonly #attributes: ReadonlyMap<string, AnyValue>;
  /** First parts of the keys, with their dot: every dialect asks for its own. */
  readonly #heads: ReadonlySet<string>;
  readonly #parsed = new Map<string, unknown>();

  constructor(span: RawSpan, logs: readonly RawLog[] = []) {
    this.span = span;
    this.#attributes = mapOf(span.attributes);
    const heads = new Set<string>();
    for (const key of this.#attributes.keys()) heads.add(key.slice(0, key.indexOf('.') + 1));
    this.#heads = heads;
    const events = span.events.map((event) => ({ name: event.name, timeNs: event.timeUnixNano, attributes: jsonOfAttributes(event.attributes), body: null, source: `event ${event.name}` }));
    this.events = logs.length === 0 ? events : [...events, ...logs.map(eventOfLog)].sort((a, b) => compareNanos(a.timeNs, b.timeNs));
  }

  get scope(): string {
    return this.span.scope.name;
  }

  has(key: string): boolean {
    return this.#attributes.has(key);
  }

  /** Whether any attribute begins with the prefix. */
  hasPrefix(prefix: string): boolean {
    if (prefix.includes('.') && !this.#heads.has(prefix.slice(0, prefix.indexOf('.') + 1))) return false;
    for (const key of this.#attributes.keys()) if (key.startsWith(prefix)) return true;
    return false;
  }

  /** Keys that begin with the prefix, in the order of the sender. */
  keys(prefix: string): string[] {
    if (!this.hasPrefix(prefix)) return [];
    return [...this.#attributes.keys()].filter((key) => key.startsWith(prefix));
  }

  /** The value as it was sent, as JSON; texts are not looked into. `undefined`: not there, or without a value. */
  plain(key: string): unknown {
    const value = this.#attributes.get(key);
    return value === undefined ? undefined : (jsonOf(value) ?? undefined);
  }

  /** The value, parsed where it is a text that holds JSON. Asked again it is the same object: several dialects read one attribute. */
  json(key: string): unknown {
    if (this.#parsed.has(key)) return this.#parsed.get(key);
    const value = parsed(this.plain(key));
    this.#parsed.set(key, value);
    return value;
  }

  /** A non-empty text; numbers and booleans as text. */
  text(key: string): string | null {
    return textOf(this.plain(key));
  }

  number(key: string): number | null {
    return numberOf(this.plain(key));
  }

  /** What is spread over the keys that begin with the prefix. */
  flattened(prefix: string): unknown {
    const keys = this.keys(prefix);
    return keys.length === 0 ? undefined : unflatten(keys.map((key) => [key.slice(prefix.length), this.plain(key)] as const));
  }

  /** What sent the span, as JSON: one object for all spans that share their resource. */
  get members(): Readonly<JsonObject> {
    const { resource } = this.span;
    let members = RESOURCES.get(resource);
    if (!members) RESOURCES.set(resource, (members = jsonOfAttributes(resource.attributes)));
    return members;
  }

  resource(key: string): string | null {
    const { members } = this;
    return Object.hasOwn(members, key) ? textOf(members[key]) : null;
  }
}

function mapOf(attributes: readonly KeyValue[]): Map<string, AnyValue> {
  const map = new Map<string, AnyValue>();
  for (const { key, value } of attributes) map.set(key, value);
  return map;
}

function eventOfLog(log: RawLog): ViewEvent {
  const attributes = jsonOfAttributes(log.attributes);
  const name = logName(log);
  return { name, timeNs: log.timeUnixNano === '0' ? log.observedTimeUnixNano : log.timeUnixNano, attributes, body: parsed(jsonOf(log.body)), source: `log ${name}` };
}

/** Newer SDKs have a field for the event's name, older ones an attribute, some only the body. */
export function logName(log: RawLog): string {
  if (log.eventName !== '') return log.eventName;
  const attribute = log.attributes.find(({ key }) => key === 'event.name');
  if (attribute && 'stringValue' in attribute.value) return attribute.value.stringValue;
  return 'stringValue' in log.body && log.body.stringValue.length <= 100 ? log.body.stringValue : '';
}

export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

export function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** The agent in `agent_run [name]` and `invoke_agent name`. */
export function agentInName(spanName: string): string | null {
  return /^(?:agent_run|invoke_agent)\s+\[?([^\s\]][^\]]*)\]?$/.exec(spanName)?.[1] ?? null;
}
