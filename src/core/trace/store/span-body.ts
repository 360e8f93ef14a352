import type { AnyValue, KeyValue, RawEvent, RawLink, RawSpan, Resource, Scope } from '../model.ts';
import { compactPairs, compactText, pairsOfCompact, valueOfCompact, type CompactValue } from './compact-value.ts';
import { cutsOf, SHORTEST_CHUNK } from './slices.ts';

/**
 * A span as it was sent, as JSON text in which whatever is long or tends to be repeated is a reference to a chunk: messages (of a JSON
 * list, or spread over `llm.input_messages.3.…`), other long texts, the resource and the scope. What `span` has columns for is
 * not in it. `[flags, traceState, kind, status code, status message, dropped attributes, events, links, resource, scope,
 * attributes, events, links]`.
 *
 * A reference is the difference to the reference before it; to the span's own number for the first one. So it is mostly one digit.
 */

/** A body whose references are not known yet. */
export interface BodyDraft {
  /** The text with `REFERENCE` where the number of the next chunk goes. JSON escapes that character, so nothing else is it. */
  readonly template: string;
  readonly chunks: readonly string[];
  /** Texts that stayed in the body, for the search index. */
  readonly texts: readonly string[];
}

/** What the columns of `span` hold. */
export type SpanIdentity = Pick<RawSpan, 'traceId' | 'spanId' | 'parentSpanId' | 'name' | 'startTimeUnixNano' | 'endTimeUnixNano'>;

const REFERENCE = '\u0001';
/** Texts without any structure are repeated less often than messages. */
const SHORTEST_TEXT = 256;

/** Texts of resources and scopes: spans of one batch share the objects. */
const ownerTexts = new WeakMap<Resource | Scope, string>();

export function draftBody(span: RawSpan): BodyDraft {
  const draft = new Draft();
  draft.text += `[${span.flags},${JSON.stringify(span.traceState)},${span.kind},${span.status.code},${JSON.stringify(span.status.message)},${span.droppedAttributesCount},${span.droppedEventsCount},${span.droppedLinksCount},`;
  draft.reference(textOfOwner(span.resource, resourceText));
  draft.text += ',';
  draft.reference(textOfOwner(span.scope, scopeText));
  draft.text += ',';
  draft.attributes(span.attributes);
  draft.text += ',[';
  for (const [index, event] of span.events.entries()) draft.event(event, index);
  draft.text += '],[';
  for (const [index, link] of span.links.entries()) draft.link(link, index);
  return { template: `${draft.text}]]`, chunks: draft.chunks, texts: draft.texts };
}

/** The body of span number `n`, once the numbers of the chunks of its template are known. */
export function finishBody(template: string, n: number, numbers: readonly number[]): string {
  const pieces = template.split(REFERENCE);
  let text = pieces[0]!;
  let last = n;
  for (let index = 0; index < numbers.length; index++) {
    text += `${numbers[index]! - last}${pieces[index + 1]!}`;
    last = numbers[index]!;
  }
  return text;
}

function textOfOwner<T extends Resource | Scope>(owner: T, write: (owner: T) => string): string {
  let text = ownerTexts.get(owner);
  if (text === undefined) {
    text = write(owner);
    ownerTexts.set(owner, text);
  }
  return text;
}

function resourceText({ schemaUrl, droppedAttributesCount, attributes }: Resource): string {
  return `[${JSON.stringify(schemaUrl)},${droppedAttributesCount},${compactPairs(attributes)}]`;
}

function scopeText({ name, version, schemaUrl, droppedAttributesCount, attributes }: Scope): string {
  return `[${JSON.stringify(name)},${JSON.stringify(version)},${JSON.stringify(schemaUrl)},${droppedAttributesCount},${compactPairs(attributes)}]`;
}

class Draft {
  text = '';
  readonly chunks: string[] = [];
  readonly texts: string[] = [];

  reference(chunk: string): void {
    this.chunks.push(chunk);
    this.text += REFERENCE;
  }

  event({ timeUnixNano, name, droppedAttributesCount, attributes }: RawEvent, index: number): void {
    this.text += `${index === 0 ? '' : ','}["${timeUnixNano}",${JSON.stringify(name)},${droppedAttributesCount},`;
    this.attributes(attributes);
    this.text += ']';
  }

  link({ traceId, spanId, traceState, flags, droppedAttributesCount, attributes }: RawLink, index: number): void {
    this.text += `${index === 0 ? '' : ','}["${traceId}","${spanId}",${JSON.stringify(traceState)},${flags},${droppedAttributesCount},`;
    this.attributes(attributes);
    this.text += ']';
  }

  /** Keys and values in turn; in place of the attributes of one message `[head, index, reference]`, of several in a row more references. */
  attributes(attributes: readonly KeyValue[]): void {
    this.text += '[';
    let head: string | null = null;
    let next = 0;
    for (let at = 0; at < attributes.length; ) {
      const place = placeOf(attributes[at]!.key);
      const end = place === null ? at : endOfGroup(attributes, at, place);
      if (place === null || end === at) {
        if (head !== null) this.text += ']';
        head = null;
        const { key, value } = attributes[at]!;
        this.text += `${at === 0 ? '' : ','}${keyText(key)},`;
        this.value(value);
        at++;
        continue;
      }
      if (place.head === head && place.index === next) this.text += ',';
      else {
        if (head !== null) this.text += ']';
        this.text += `${at === 0 ? '' : ','}[${JSON.stringify(place.head)},${place.index},`;
      }
      this.reference(compactPairs(attributes.slice(at, end).map(({ key, value }) => ({ key: key.slice(place.length), value }))));
      head = place.head;
      next = place.index + 1;
      at = end;
    }
    this.text += head === null ? ']' : ']]';
  }

  value(value: AnyValue): void {
    if ('stringValue' in value) {
      const text = value.stringValue;
      // SQLite keeps no half of a surrogate pair; JSON escapes it.
      if (text.length < SHORTEST_CHUNK || !text.isWellFormed()) this.inline(text, JSON.stringify(text));
      else this.pieces('t', text, () => JSON.stringify(text));
    } else {
      const text = compactText(value);
      if (text.length < SHORTEST_CHUNK) this.inline(text, text);
      else this.pieces('j', text, () => text);
    }
  }

  inline(text: string, json: string): void {
    this.text += json;
    if (text.length > LONGEST_PLAIN || isWord(text)) this.texts.push(text);
  }

  /** `{"t": pieces}` of a text, `{"j": pieces}` of the JSON of a structured value: texts as they are, references in their place, between neighbours the separator `s`. */
  pieces(tag: 't' | 'j', text: string, whole: () => string): void {
    const cuts = cutsOf(text);
    if (cuts.length === 0) {
      if (text.length < SHORTEST_TEXT) this.inline(text, whole());
      else {
        this.text += `{"${tag}":[`;
        this.reference(text);
        this.text += ']}';
      }
      return;
    }
    const separator = cuts.length === 1 ? ',' : text.slice(cuts[0]![1], cuts[1]![0]);
    const between = separator.length < 8 ? separator : ',';
    this.text += `{"s":${JSON.stringify(between)},"${tag}":[`;
    let isFirst = true;
    let last = 0;
    let isAfterReference = false;
    const literal = (piece: string): void => {
      if (piece.length >= SHORTEST_TEXT) {
        // Two references without anything between them
        if (isAfterReference) this.text += ',""';
        if (!isFirst) this.text += ',';
        this.reference(piece);
        isAfterReference = true;
      } else {
        if (!isFirst) this.text += ',';
        this.inline(piece, JSON.stringify(piece));
        isAfterReference = false;
      }
      isFirst = false;
    };
    for (const [from, to] of cuts) {
      const gap = text.slice(last, from);
      if (isAfterReference ? gap !== between : gap !== '') literal(gap);
      if (isAfterReference && gap !== between) this.text += ',""';
      if (!isFirst) this.text += ',';
      this.reference(text.slice(from, to));
      isFirst = false;
      isAfterReference = true;
      last = to;
    }
    if (last < text.length) literal(text.slice(last));
    this.text += ']}';
  }
}

interface Place {
  /** `llm.input_messages` of `llm.input_messages.3.message.role`. */
  readonly head: string;
  readonly index: number;
  /** Characters of the key up to what is said of the item: head, index and both dots. */
  readonly length: number;
}

/** Numbers, yes and no are filtered by, not searched for: they are as short as this, as some words are. */
const LONGEST_PLAIN = 5;
const PLAIN: ReadonlySet<string> = new Set(['true', 'false', 'True', 'False', 'null', 'None', 'yes', 'no']);

/** Whether somebody may look for a short text. */
function isWord(text: string): boolean {
  return /[a-z\u0080-\uffff]/i.test(text) && !PLAIN.has(text);
}

/** Keys are few and short, and asked for with every span. Bounded, because a sender may number them, or send a book as a key. */
const places = new Map<string, Place | null>();
const keyTexts = new Map<string, string>();
const MAX_KEYS = 20_000;
const LONGEST_KEY = 200;

function placeOf(key: string): Place | null {
  let place = places.get(key);
  if (place === undefined) {
    const match = /^(.+?)\.(0|[1-9]\d{0,6})\.(?=.)/.exec(key);
    place = match === null ? null : { head: match[1]!, index: Number(match[2]), length: match[0].length };
    if (places.size >= MAX_KEYS) places.clear();
    if (key.length <= LONGEST_KEY) places.set(key, place);
  }
  return place;
}

function keyText(key: string): string {
  let text = keyTexts.get(key);
  if (text === undefined) {
    text = JSON.stringify(key);
    if (keyTexts.size >= MAX_KEYS) keyTexts.clear();
    if (key.length <= LONGEST_KEY) keyTexts.set(key, text);
  }
  return text;
}

/** Behind the last attribute of the same item; `at` itself when the item is too short to be a chunk. */
function endOfGroup(attributes: readonly KeyValue[], at: number, place: Place): number {
  let end = at;
  let length = 0;
  while (end < attributes.length) {
    const { key, value } = attributes[end]!;
    const other = placeOf(key);
    if (other === null || other.index !== place.index || other.head !== place.head) break;
    length += key.length + ('stringValue' in value ? value.stringValue.length : 8);
    end++;
  }
  return length >= SHORTEST_CHUNK ? end : at;
}

type StoredPieces = { readonly s?: string; readonly t?: readonly (string | number)[]; readonly j?: readonly (string | number)[] };
type StoredAttributes = readonly (CompactValue | StoredPieces | readonly (string | number)[])[];
type StoredBody = readonly [flags: number, traceState: string, kind: number, code: number, message: string, droppedAttributes: number, droppedEvents: number, droppedLinks: number, resource: number, scope: number, attributes: StoredAttributes, events: readonly (readonly [string, string, number, StoredAttributes])[], links: readonly (readonly [string, string, string, number, number, StoredAttributes])[]];

/** Where chunks come from. Parsed resources and scopes are kept, so that spans share them again. */
export interface ChunkSource {
  text(chunk: number): string;
  readonly resources: Map<number, Resource>;
  readonly scopes: Map<number, Scope>;
}

/** The span as it was sent. */
export function readBody(body: string, n: number, identity: SpanIdentity, chunks: ChunkSource): RawSpan {
  const [flags, traceState, kind, code, message, droppedAttributesCount, droppedEventsCount, droppedLinksCount, resource, scope, attributes, events, links] = JSON.parse(body) as StoredBody;
  const reader = new Reader(n, chunks);
  // In the order of writing, because each reference counts from the one before.
  const resourceNumber = reader.follow(resource);
  const scopeNumber = reader.follow(scope);
  return {
    ...identity,
    traceState,
    flags,
    kind,
    attributes: reader.attributes(attributes),
    droppedAttributesCount,
    events: events.map(([timeUnixNano, name, dropped, list]): RawEvent => ({ timeUnixNano, name, attributes: reader.attributes(list), droppedAttributesCount: dropped })),
    droppedEventsCount,
    links: links.map(([traceId, spanId, state, linkFlags, dropped, list]): RawLink => ({ traceId, spanId, traceState: state, attributes: reader.attributes(list), droppedAttributesCount: dropped, flags: linkFlags })),
    droppedLinksCount,
    status: { code, message },
    resource: kept(chunks.resources, resourceNumber, () => resourceOf(chunks.text(resourceNumber))),
    scope: kept(chunks.scopes, scopeNumber, () => scopeOf(chunks.text(scopeNumber))),
  };
}

/** The numbers of the chunks that a body refers to, in their order. */
export function chunksOfBody(body: string, n: number): number[] {
  const [, , , , , , , , resource, scope, attributes, events, links] = JSON.parse(body) as StoredBody;
  const numbers: number[] = [];
  let last = n;
  const follow = (piece: unknown): void => {
    if (typeof piece === 'number') numbers.push((last += piece));
  };
  const walk = (list: StoredAttributes): void => {
    for (let at = 0; at < list.length; at++) {
      const item = list[at]!;
      if (Array.isArray(item)) item.slice(2).forEach(follow);
      else piecesIn(list[++at]).forEach(follow);
    }
  };
  follow(resource);
  follow(scope);
  walk(attributes);
  for (const event of events) walk(event[3]);
  for (const link of links) walk(link[5]);
  return numbers;
}

function piecesIn(value: StoredAttributes[number] | undefined): readonly (string | number)[] {
  if (typeof value !== 'object' || value === null) return [];
  return 't' in value ? value.t! : 'j' in value ? value.j! : [];
}

class Reader {
  #last: number;
  readonly #chunks: ChunkSource;

  constructor(n: number, chunks: ChunkSource) {
    this.#last = n;
    this.#chunks = chunks;
  }

  follow(difference: number): number {
    this.#last += difference;
    return this.#last;
  }

  attributes(list: StoredAttributes): KeyValue[] {
    const attributes: KeyValue[] = [];
    for (let at = 0; at < list.length; at++) {
      const item = list[at]!;
      if (Array.isArray(item)) {
        const [head, first, ...references] = item as unknown as [string, number, ...number[]];
        for (const [offset, reference] of references.entries()) {
          const pairs = JSON.parse(this.#chunks.text(this.follow(reference))) as CompactValue[];
          for (const pair of pairsOfCompact(pairs, `${head}.${first + offset}.`)) attributes.push(pair);
        }
      } else {
        attributes.push({ key: item as string, value: this.#value(list[++at] as CompactValue | StoredPieces) });
      }
    }
    return attributes;
  }

  #value(value: CompactValue | StoredPieces): AnyValue {
    if (typeof value === 'object' && value !== null) {
      if ('t' in value) return { stringValue: this.#join(value.t!, value.s) };
      if ('j' in value) return valueOfCompact(JSON.parse(this.#join(value.j!, value.s)) as CompactValue);
    }
    return valueOfCompact(value as CompactValue);
  }

  #join(pieces: readonly (string | number)[], separator = ''): string {
    let text = '';
    for (let at = 0; at < pieces.length; at++) {
      const piece = pieces[at]!;
      if (typeof piece === 'string') text += piece;
      else text += (typeof pieces[at - 1] === 'number' ? separator : '') + this.#chunks.text(this.follow(piece));
    }
    return text;
  }
}

function kept<T>(map: Map<number, T>, key: number, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function resourceOf(text: string): Resource {
  const [schemaUrl = '', droppedAttributesCount = 0, attributes = []] = JSON.parse(text) as [string?, number?, CompactValue[]?];
  return { attributes: pairsOfCompact(attributes), droppedAttributesCount, schemaUrl };
}

function scopeOf(text: string): Scope {
  const [name = '', version = '', schemaUrl = '', droppedAttributesCount = 0, attributes = []] = JSON.parse(text) as [string?, string?, string?, number?, CompactValue[]?];
  return { name, version, attributes: pairsOfCompact(attributes), droppedAttributesCount, schemaUrl };
}
