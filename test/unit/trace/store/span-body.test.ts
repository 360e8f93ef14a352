import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/core/json.ts';
import { readTraceText } from '../../../../src/core/trace/formats/read.ts';
import type { RawSpan } from '../../../../src/core/trace/model.ts';
import { decodeOtlpJson } from '../../../../src/core/trace/otlp-json.ts';
import { searchTextOfSpan } from '../../../../src/core/trace/store/search-text.ts';
import { cutsOf } from '../../../../src/core/trace/store/slices.ts';
import { chunksOfBody, draftBody, finishBody } from '../../../../src/core/trace/store/span-body.ts';
import { randomOf } from '../random.ts';
import { requestOf } from '../random-request.ts';
import { rawSpan } from '../spans.ts';
import { MemoryChunks } from './memory-chunks.ts';

const shared = process.env['TOUCHSTONE_SHARED'] ?? path.resolve(import.meta.dirname, '../../../../../shared');
const folder = path.join(shared, 'corpus/traces');

function roundTrip(spans: readonly RawSpan[]): MemoryChunks {
  const store = new MemoryChunks();
  for (const span of spans) store.add(span);
  expect(store.read()).toEqual(spans);
  return store;
}

const long = (word: string): string => `${word} `.repeat(40);
const message = (index: number): JsonObject => ({ role: 'user', parts: [{ type: 'text', content: long(`message${index}`) }] });

describe('a span in the store', () => {
  it('comes out as it went in, in 500 random requests', () => {
    for (let seed = 1; seed <= 500; seed++) roundTrip(decodeOtlpJson(requestOf(randomOf(seed)))!.spans);
  });

  const next = randomOf(7);
  const pieces = ['[', ']', '{', '}', ',', ', ', '"', '\\', '\\"', ':', '"role":"user"', 'x'.repeat(120), 'y'.repeat(300), '\ud800', '\u0001', 'ß🙂', '\n', '0'];
  const hostile = Array.from({ length: 400 }, () => Array.from({ length: next(60) }, () => pieces[next(pieces.length)]!).join(''));
  const list = JSON.stringify(Array.from({ length: 5 }, (_, index) => message(index)));
  const texts: [string, string[]][] = [
    ['random brackets, quotes and halves of characters', hostile.map((text) => `[${text}`)],
    ['a list that was truncated anywhere', Array.from({ length: 60 }, (_, index) => list.slice(0, Math.round((list.length * index) / 60)))],
    ['every separator', [',', ', ', ',\n  ', ' , ', '', ' and something longer than any separator, ', ','.repeat(300)].map((separator) => `[${[0, 1, 2, 3].map((index) => JSON.stringify(message(index))).join(separator)}]`)],
    ['separators that differ', [`[${JSON.stringify(message(0))}, ${JSON.stringify(message(1))},${JSON.stringify(message(2))},  ${JSON.stringify(message(3))}]`]],
    ['lists in objects and in lists', [JSON.stringify({ system: long('system'), messages: [message(1), message(2)], model: 'm' }), JSON.stringify([[message(1), message(2)]]), JSON.stringify({ a: { b: [{ c: [message(1)] }] } })]],
    ['an element that is longer than 16 KB', [JSON.stringify([{ role: 'user', content: [{ type: 'image', data: 'A'.repeat(20_000) }, { type: 'text', text: long('caption') }, message(3)] }])]],
    ['nesting of 20,000 levels', ['['.repeat(20_000), '[{"a":'.repeat(20_000), `${'[{"a":'.repeat(5000)}1${'}]'.repeat(5000)}`]],
    ['nothing but quotes and backslashes', ['"'.repeat(5000), '\\'.repeat(5000), '\\"'.repeat(5000), `[${'"\\"'.repeat(3000)}`]],
  ];
  it.each(texts)('keeps texts: %s', (_, values) => {
    roundTrip(values.map((text) => rawSpan({ text })));
    for (const text of values) {
      let last = 0;
      for (const [from, to] of cutsOf(text)) {
        expect(from).toBeGreaterThanOrEqual(last);
        expect(to).toBeGreaterThan(from);
        last = to;
      }
      expect(last).toBeLessThanOrEqual(text.length);
    }
  });

  it('keeps flattened attributes in any order, with gaps, twice, and with indexes that are none', () => {
    const keys = ['llm.input_messages.0.message.role', 'llm.input_messages.0.message.content', 'llm.input_messages.1.message.content', 'llm.input_messages.01.message.content', 'llm.input_messages.7.message.content', 'gen_ai.prompt.0.content', 'a.0.', '.0.a', 'a.1.2.3', '__proto__.0.x', 'llm.input_messages.99999999.x'];
    const spans = Array.from({ length: 300 }, (_, seed) => {
      const pick = randomOf(seed + 1);
      const attributes = Array.from({ length: pick(14) }, () => ({ key: keys[pick(keys.length)]!, value: pick(4) === 0 ? { arrayValue: { values: [{ stringValue: long('v') }, { doubleValue: 1 }] } } : { stringValue: pick(2) === 0 ? 'user' : long(`w${pick(5)}`) } }));
      return { ...rawSpan({}), attributes, events: [{ timeUnixNano: '0', name: 'e', attributes, droppedAttributesCount: 0 }] };
    });
    roundTrip(spans);
  });

  it('names the chunks it refers to, in their order', () => {
    const draft = draftBody(rawSpan({ 'gen_ai.input.messages': list, 'llm.input_messages.0.message.content': long('flat'), long: 'z'.repeat(400), structured: [message(1), message(2)] }, { events: [['e', { text: 'q'.repeat(300) }]] }));
    const numbers = draft.chunks.map((_, index) => 5_000_000_000 - index * index);
    expect(chunksOfBody(finishBody(draft.template, 4_999_999_999, numbers), 4_999_999_999)).toEqual(numbers);
  });

  it('is found by short words too, not by numbers, yes and no', () => {
    const words = ['Alice', 'hello', 'ok', 'v1', '4xx', 'né', '退款'];
    const others = ['12345', '-1.5', '', 'true', 'no', '2 + 2'];
    const span = rawSpan({ ...Object.fromEntries([...words, ...others].map((value, index) => [`key${index}`, value])), count: 7, isFinal: true, none: null });
    expect(searchTextOfSpan(span, draftBody(span)).split('\n').filter((text) => text !== '')).toEqual([span.name, ...words]);
  });

  it.skipIf(!existsSync(folder))(`comes out as it went in, for every file of the corpus (skipped without ${folder})`, () => {
    for (const file of globSync('**/*.{json,jsonl,traj}', { cwd: folder })) roundTrip(readTraceText(readFileSync(path.join(folder, file), 'utf8')).spans);
  });
});

describe('sixty turns, each with the whole history', () => {
  const turns = 60;
  const said = Array.from({ length: 2 * turns }, (_, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', text: `${index}: ${long(`turn${index}`)}` }));
  const spansOf = (attributes: (history: typeof said) => JsonObject): RawSpan[] => Array.from({ length: turns }, (_, turn) => rawSpan(attributes(said.slice(0, 2 * turn + 1)), { id: turn.toString(16) }));
  const forms: [string, (history: typeof said) => JsonObject][] = [
    ['gen_ai messages', (history) => ({ 'gen_ai.input.messages': JSON.stringify(history.map(({ role, text }) => ({ role, parts: [{ type: 'text', content: text }] }))) })],
    ['the Vercel AI SDK', (history) => ({ 'ai.prompt.messages': JSON.stringify(history.map(({ role, text }) => ({ role, content: [{ type: 'text', text }] }))) })],
    ['OpenInference', (history) => Object.fromEntries(history.flatMap(({ role, text }, index) => [[`llm.input_messages.${index}.message.role`, role], [`llm.input_messages.${index}.message.content`, text]]))],
    ['OpenInference’s whole request', (history) => ({ 'input.value': JSON.stringify({ model: 'm', messages: history.map(({ role, text }) => ({ role, content: text })) }) })],
    ['OpenLLMetry', (history) => Object.fromEntries(history.flatMap(({ role, text }, index) => [[`gen_ai.prompt.${index}.role`, role], [`gen_ai.prompt.${index}.content`, text]]))],
    ['structured attributes', (history) => ({ 'gen_ai.input.messages': history.map(({ role, text }) => ({ role, parts: [{ type: 'text', content: text }] })) })],
    ['Python’s spaces', (history) => ({ 'gen_ai.input.messages': `[${history.map(({ role, text }) => `{"role": "${role}", "content": "${text}"}`).join(', ')}]` })],
  ];
  it.each(forms)('%s: a message is stored once', (_, attributes) => {
    const spans = spansOf(attributes);
    const store = roundTrip(spans);
    for (const { text } of said.slice(0, 2 * turns - 1)) expect(store.chunks.filter((chunk) => chunk.includes(text))).toHaveLength(1);
    expect(store.size).toBeLessThan(JSON.stringify(spans).length / 20);
  });
});
