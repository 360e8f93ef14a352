import { isObject, type JsonObject } from '../json.ts';
import type { ChatMessage, ResponseFormat } from './model.ts';

/** A label as a prompt presents it. */
export interface Label {
  readonly name: string;
  /** Empty where the prompt gives none. */
  readonly description: string;
  /** Texts that the prompt itself says belong to the label. */
  readonly examples: readonly string[];
}

/** What a classification prompt asks: choose one of these labels for this text. */
export interface LabelPrompt {
  readonly labels: readonly Label[];
  readonly input: string;
}

/** `- name: text`, `* **name** — text`, `1. "name" - text`, `` - `name` ``, with at most five words before the separator. */
const ITEM = /^(\s*)(?:[-*•+]|\d{1,2}[.)])\s+(?:\*\*|__)?[`"'“‘]?([^\s:`"'“”‘’*—–=|][^:`"“”‘’*—–=|\n]{0,48}?)[`"'”’]?(?:\*\*|__)?(?:\s*(?::\**|\s[-—–=]+>?|[—–])\s*(.*))?$/;
const LIST_HEAD = /\b(?:labels?|categor(?:y|ies)|class(?:es)?|intents?|topics?|queues?|teams?|departments?|types?|tags?|options?|choices?|answers?)\b/i;
const INLINE = [
  /\b(?:labels|categories|classes|intents|topics|queues|teams|departments|options|choices|allowed values|possible (?:labels|values|answers))\s*(?:are|is)?\s*:\s*([^\n]+)/i,
  /\b(?:exactly one|one|either|any) of(?: the following)?(?: (?:labels|categories|classes|words|values|options))?\s*[:(]?\s*([^\n.]+)/i,
  /\b(?:classify|label|categori[sz]e|sort|route|tag)\b[^\n:]{0,200}?\b(?:as|into|to)\s*:?\s+([^\n.]+)/i,
  /\beither\s+([^\n.]+)/i,
];
/** Sentences that tell what to do, not what to judge. */
const INSTRUCTION = /^\s*(?:please\s+)?(?:you (?:are|will|label|classify)|classify|categori[sz]e|label|choose|pick|select|decide|assign|route|sort|tag|determine|identify|answer|respond|reply|return|output|print|use|do not|don't|only|read|consider|given|the (?:following|labels|categories))\b/i;
const NAMED_TEXT = /^\s*(?:\*\*)?(?:[A-Z][\w-]*|ticket|text|input|message|email|question|review|query|comment|sentence|document|request|post)(?: [\w-]+){0,3}(?:\*\*)?\s*:(?:\*\*)?\s*/;

/** The labels and the text that a prompt is about, or `null` when it lists no labels. Only what a remote model would see is read. */
export function readLabelPrompt(messages: readonly ChatMessage[], format: ResponseFormat | undefined): LabelPrompt | null {
  const texts = messages.map((message) => textOf(message).slice(0, LONGEST_TEXT));
  const last = messages.findLastIndex((message) => message.role === 'user');
  const instructions = texts.filter((_, index) => messages[index]!.role !== 'assistant' && messages[index]!.role !== 'tool').join('\n\n');
  const listed = listedLabels(instructions);
  const wanted = format?.type === 'json_schema' ? firstEnum(format.schema) : null;
  const labels = wanted === null ? (listed.length >= 2 ? listed : inlineLabels(instructions).map(bare)) : wanted.map((name) => listed.find((label) => same(label.name, name)) ?? described(name, instructions));
  if (labels.length < 2) return null;
  const shown = withShownExamples(labels.map((label) => (wanted === null ? label : { ...label, name: wanted.find((name) => same(name, label.name)) ?? label.name })), messages, texts, last);
  return { labels: shown, input: inputText(last < 0 ? (texts.at(-1) ?? '') : texts[last]!, shown) };
}

/** The first list of strings that the schema allows, looking at the outermost properties first. */
function firstEnum(schema: JsonObject): string[] | null {
  const queue: unknown[] = [schema];
  for (let i = 0; i < queue.length && i < 500; i += 1) {
    const node = queue[i];
    if (!isObject(node)) continue;
    const found = enumOf(node);
    if (found !== null && found.length >= 2) return found;
    if (isObject(node['properties'])) queue.push(...Object.values(node['properties']));
    queue.push(node['items']);
    for (const key of ['anyOf', 'oneOf', 'allOf']) if (Array.isArray(node[key])) queue.push(...(node[key] as unknown[]));
  }
  return null;
}

export function enumOf(schema: JsonObject): string[] | null {
  const values = schema['enum'];
  return Array.isArray(values) && values.every((value) => typeof value === 'string') ? values : null;
}

function textOf(message: ChatMessage): string {
  return typeof message.content === 'string' ? message.content : message.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

function bare(name: string): Label {
  return { name, description: '', examples: [] };
}

function same(a: string, b: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/[\s_-]+/g, ' ').trim();
  return plain(a) === plain(b);
}

/** What the prompt says of a name outside a list: the rest of a line that begins with it. */
function described(name: string, text: string): Label {
  const line = new RegExp(`^[\\s>*\`"'-]*${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}[\`"'*]*\\s*(?::|=|—|–|-)\\s*(.+)$`, 'im').exec(text);
  return line === null ? bare(name) : label(name, [line[1]!]);
}

interface ListGroup {
  readonly head: string;
  readonly items: { readonly name: string; readonly lines: string[] }[];
}

/** The list of the prompt that presents labels: one under a heading that says so, else the longest whose items are explained. */
function listedLabels(text: string): Label[] {
  const groups: ListGroup[] = [];
  let group: ListGroup | null = null;
  let indent = 0;
  let before = '';
  for (const line of text.split('\n')) {
    const item = ITEM.exec(line);
    const depth = /^\s*/.exec(line)![0].length;
    if (group !== null && group.items.length > 0 && line.trim() !== '' && depth > indent) {
      group.items.at(-1)!.lines.push(line.trim().replace(/^[-*•+]\s+/, ''));
      continue;
    }
    if (item !== null && isName(item[2]!)) {
      if (group === null) {
        group = { head: before, items: [] };
        indent = depth;
        groups.push(group);
      }
      group.items.push({ name: item[2]!.trim().replace(/[.,;]$/, ''), lines: item[3] === undefined || item[3] === '' ? [] : [item[3]] });
      continue;
    }
    if (line.trim() !== '') {
      group = null;
      before = line;
    }
  }
  const usable = groups.filter(({ items }) => items.length >= 2);
  const weight = ({ head, items }: ListGroup): number => (LIST_HEAD.test(head) ? 1_000 : 0) + items.filter(({ lines }) => lines.length > 0).length * 10 + items.length;
  const best = usable.sort((a, b) => weight(b) - weight(a))[0];
  if (best === undefined || (!LIST_HEAD.test(best.head) && best.items.some(({ lines }) => lines.length === 0))) return [];
  const names = new Set<string>();
  return best.items.filter(({ name }) => !names.has(name) && names.add(name)).map(({ name, lines }) => label(name, lines));
}

function isName(text: string): boolean {
  const words = text.trim().split(/\s+/);
  return words.length <= 5 && !INSTRUCTION.test(text) && !/[.!?]\s/.test(text);
}

/** Longer texts are judged by their beginning: the encoder averages over words, and patterns stay cheap on hostile ones. */
const LONGEST_TEXT = 20_000;

/** Separates what a line says about a label from the examples it gives (`e.g. …`, quoted texts, `Examples: …`). */
function label(name: string, lines: readonly string[]): Label {
  const examples: string[] = [];
  const description = lines
    .map((line) => {
      const rest = line.replace(/(?:\b(?:for example|examples?|such as|e\.g\.?|like)\b[:,]?\s*)?["“]([^"”]{3,200})["”]\s*[,;]?/gi, (_, quoted: string) => {
        examples.push(quoted);
        return ' ';
      });
      return rest.replace(/\b(?:for example|examples?)\s*:?\s*$/i, '').trim();
    })
    .filter((line) => line !== '')
    .join(' ');
  return { name, description, examples };
}

function inlineLabels(text: string): string[] {
  for (const pattern of INLINE) {
    const found = pattern.exec(text)?.[1];
    if (found === undefined) continue;
    const names = found
      .replace(/[()[\]{}]/g, ' ')
      .split(/\s*(?:,\s*(?:or|and)\b|[,|;/]|\bor\b|\band\b)\s*/)
      .map((name) => name.trim().replace(/^["'`“‘*]+|["'`”’*.!]+$/g, '').trim())
      .filter((name) => name !== '');
    if (names.length >= 2 && names.every((name) => name.split(/\s+/).length <= 4)) return [...new Set(names)];
  }
  return [];
}

/** Earlier turns in which the assistant answered with a label are examples of it. */
function withShownExamples(labels: readonly Label[], messages: readonly ChatMessage[], texts: readonly string[], last: number): Label[] {
  const shown = new Map<string, string[]>();
  for (let i = 1; i < last; i += 1) {
    if (messages[i]!.role !== 'assistant' || messages[i - 1]!.role !== 'user') continue;
    const answer = texts[i]!.trim();
    const found = labels.find(({ name }) => same(name, answer) || new RegExp(`"${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}"`).test(answer));
    if (found !== undefined) shown.set(found.name, [...(shown.get(found.name) ?? []), inputText(texts[i - 1]!, labels)]);
  }
  return labels.map((item) => ({ ...item, examples: [...item.examples, ...(shown.get(item.name) ?? [])] }));
}

/** The text to judge, without what the prompt says around it: fences, tags, `Ticket:` and instructions. */
function inputText(message: string, labels: readonly Label[]): string {
  const inner = enclosed(message);
  if (inner !== null) return inner;
  const named = message.split('\n').findIndex((line) => NAMED_TEXT.test(line) && !LIST_HEAD.test(line.slice(0, line.indexOf(':'))));
  if (named >= 0) {
    const rest = message.split('\n').slice(named).join('\n').replace(NAMED_TEXT, '');
    const text = dropInstructions(rest, labels);
    if (text !== '') return text;
  }
  return dropInstructions(message, labels) || message.trim();
}

/** What stands in `<tag>…</tag>`, triple quotes or a fence; `null` where nothing does. A few tags are tried: texts may be hostile. */
function enclosed(message: string): string | null {
  let tries = 0;
  for (const open of message.matchAll(/<(\w{1,40})>|```\w*\n|"""/g)) {
    if ((tries += 1) > 20) break;
    const from = open.index + open[0].length;
    const to = message.indexOf(open[1] === undefined ? open[0].slice(0, 3) : `</${open[1]}>`, from);
    const text = to < 0 ? '' : message.slice(from, to).trim();
    if (text !== '') return text;
  }
  return null;
}

function dropInstructions(text: string, labels: readonly Label[]): string {
  const names = labels.map(({ name }) => name.toLowerCase());
  return text
    .split(/\n\s*\n/)
    .filter((paragraph) => {
      const lower = paragraph.toLowerCase();
      // A paragraph with most of the labels lists them.
      const listed = names.filter((name) => lower.includes(name)).length;
      return !(listed >= 2 && listed >= names.length * 0.75 && /[:|,]/.test(paragraph) && (ITEM.test(paragraph.split('\n').at(-1)!) || INSTRUCTION.test(paragraph) || LIST_HEAD.test(paragraph)));
    })
    .map((paragraph, _, all) => (all.length > 1 && INSTRUCTION.test(paragraph) && paragraph.length < 300 ? '' : /^(?:label|category|class|answer|intent|topic)\s*:\s*$/i.test(paragraph.trim()) ? '' : paragraph.replace(/\n(?:label|category|class|answer|intent|topic)\s*:\s*$/i, '')))
    .filter((paragraph) => paragraph.trim() !== '')
    .join('\n\n')
    .trim();
}
