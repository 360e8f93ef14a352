import { stringify } from 'yaml';
import type { JsonObject } from '../json.ts';
import type { ChatMessage, ModelParameters } from '../model/model.ts';
import { Masker, type MaskedValue } from '../privacy/mask.ts';
import { findPlaceholders } from '../prompt/placeholders.ts';
import { formatCount } from '../text/format.ts';
import type { Span } from '../trace/model.ts';
import { recordedCall } from './recorded-call.ts';

/** The text of a prompt file that asks what a recorded call asked. */
export interface PromptOfCall {
  readonly text: string;
  readonly masked: readonly MaskedValue[];
  /** What the call has and the file has not. */
  readonly notes: readonly string[];
}

type Call = Pick<Span, 'traceId' | 'spanId' | 'input' | 'inputForm' | 'tools' | 'parameters' | 'model' | 'modelRequested'>;

/** How prompt files spell them; both of the others are whole numbers there. */
const PARAMETERS: readonly (readonly [name: keyof ModelParameters, key: string, isWhole: boolean])[] = [
  ['temperature', 'temperature', false], ['topP', 'topP', false], ['maxTokens', 'maxCompletionTokens', true], ['stop', 'stop', false], ['seed', 'seed', true],
  ['frequencyPenalty', 'frequencyPenalty', false], ['presencePenalty', 'presencePenalty', false], ['reasoningEffort', 'reasoningEffort', false],
];

/**
 * A prompt file in GitHub Models' format from a call: its messages as far as the format has a place for them, model, parameters and tools. Secrets
 * and personal data are masked. Braces that the format would take for a variable become the value of one in the file's only case: rendered
 * with it, the texts are those of the call. What is left out is said in comments above it. `null`: the call holds no message that a prompt could begin with.
 */
export function promptOfCall(span: Call, name: string): PromptOfCall | null {
  const call = recordedCall(span);
  if (call === null) return null;
  const masker = new Masker();
  const notes = [...call.notes];
  // The format has no place for them. What was said before and after is a conversation without them too, and may end with another question than it began.
  const said = call.messages.filter(({ role, toolCalls }) => role !== 'tool' && (toolCalls ?? []).length === 0);
  if (said.length === 0) return null;
  const left = call.messages.length - said.length;
  if (left > 0) notes.push(`Calls of tools and their results (${left} of ${formatCount(call.messages.length, 'message')}) are left out: a prompt file has no place for them.`);
  const literals = new Literals(masker.mask(said.map(({ content }) => content)));
  const model = (span.modelRequested ?? span.model ?? '').trim();
  const file: JsonObject = {
    name,
    ...(model === '' ? {} : { model }),
    ...parametersOf(call.parameters),
    messages: said.map(({ role, name: of }, at) => ({ role: role === 'developer' ? 'system' : role, ...(of === undefined ? {} : { name: masker.mask(of, `/messages/${at}/name`) }), content: literals.contents[at] })),
    ...(call.tools.length === 0 ? {} : { tools: masker.mask(call.tools, '/tools') }),
    ...(Object.keys(literals.values).length === 0 ? {} : { testData: [literals.values] }),
    metadata: { from: `span ${span.spanId} of trace ${span.traceId}` },
  };
  return { text: `${notes.map((note) => `# ${note}\n`).join('')}${stringify(file, { lineWidth: 0 })}`, masked: [...masker.found], notes };
}

function parametersOf(parameters: ModelParameters): { readonly modelParameters?: JsonObject } {
  const known = PARAMETERS.flatMap(([name, key, isWhole]) => {
    const value = parameters[name];
    return value === undefined || (isWhole && !Number.isInteger(value)) ? [] : [[key, value] as const];
  });
  return known.length === 0 ? {} : { modelParameters: Object.fromEntries(known) };
}

/** Contents of messages in which what looks like a variable is one, with that text as its value: values are never expanded. */
class Literals {
  readonly contents: readonly unknown[];
  readonly values: Record<string, string> = {};
  readonly #taken: ReadonlySet<string>;
  readonly #names = new Map<string, string>();

  constructor(contents: readonly ChatMessage['content'][]) {
    const texts = contents.flatMap((content) => (typeof content === 'string' ? [content] : content.map((part) => (part.type === 'text' ? part.text : part.url))));
    this.#taken = new Set(texts.flatMap((text) => findPlaceholders(text).map(({ name }) => name)));
    this.contents = contents.map((content) => typeof content === 'string'
      ? this.#escaped(content)
      : content.map((part) => (part.type === 'text' ? { type: 'text', text: this.#escaped(part.text) } : { type: 'image_url', image_url: { url: this.#escaped(part.url) } })));
  }

  #escaped(text: string): string {
    let escaped = '';
    let end = 0;
    for (const placeholder of findPlaceholders(text)) {
      escaped += `${text.slice(end, placeholder.start)}{{${this.#nameOf(text.slice(placeholder.start, placeholder.end))}}}`;
      end = placeholder.end;
    }
    return escaped + text.slice(end);
  }

  #nameOf(literal: string): string {
    const known = this.#names.get(literal);
    if (known !== undefined) return known;
    let number = this.#names.size + 1;
    while (this.#taken.has(`literal${number}`) || Object.hasOwn(this.values, `literal${number}`)) number++;
    const name = `literal${number}`;
    this.#names.set(literal, name);
    this.values[name] = literal;
    return name;
  }
}
