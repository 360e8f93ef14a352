import { hashJson } from '../hash.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { NewCase } from '../dataset/edit-text.ts';
import { Masker, type MaskedValue } from '../privacy/mask.ts';
import type { Message, Span } from '../trace/model.ts';
import { isoOfNanos } from '../trace/time.ts';

/** What a case is made of: a call, the values that its prompt was filled with, and what a person says about the answer. */
export interface GoldenSource {
  readonly span: Pick<Span, 'traceId' | 'spanId' | 'startNs' | 'model' | 'output' | 'outputForm' | 'service' | 'environment'>;
  /** Values of the prompt's variables; of a call without a prompt the last user message as `input`. */
  readonly variables: JsonObject;
  readonly prompt: { readonly id: string; readonly version: string | null } | null;
  /** What the answer should have been; `undefined`: nobody has said. */
  readonly correction?: unknown;
  /** Names of the source that the trace was fetched from. */
  readonly fetchedFrom?: string;
  readonly tags?: readonly string[];
}

export interface GoldenProposal {
  /** Masked. */
  readonly case: NewCase;
  /** `correction`: a person's word. `output`: what the model answered, to be looked at before it is believed. */
  readonly expectedFrom: 'correction' | 'output' | 'none';
  readonly masked: readonly MaskedValue[];
  /** Of the variables, masked: two cases with the same one ask the same. */
  readonly hash: string;
}

/** Outputs up to this length are compared as they stand; longer ones are prose, of which nobody expects every word. */
const LONGEST_LABEL = 120;

/**
 * The golden case of a call. Its expectation is the correction, else the output if that is short or JSON; checks beside it are
 * proposed from the form of the output. Secrets and personal data are masked alike throughout.
 */
export function proposeCase(source: GoldenSource, masker = new Masker()): GoldenProposal {
  const { span } = source;
  const vars = masker.mask(source.variables, '/vars');
  const answer = source.correction ?? answerOf(span);
  const expectedFrom = source.correction !== undefined ? 'correction' : answer === null ? 'none' : 'output';
  const { expected, assertions } = checksOf(answer, source.correction === undefined ? toolsCalled(span) : []);
  const names: JsonObject = {
    ...(span.model === null ? {} : { model: span.model }),
    ...(source.prompt === null ? {} : { prompt: source.prompt.version === null ? source.prompt.id : `${source.prompt.id}@${source.prompt.version}` }),
    ...(span.service === null ? {} : { service: span.service }),
    ...(span.environment === null ? {} : { environment: span.environment }),
    ...(source.fetchedFrom === undefined ? {} : { source: source.fetchedFrom }),
  };
  const added: NewCase = {
    vars,
    ...(expected === undefined ? {} : { expected: masker.mask(expected, '/expected') }),
    ...(assertions.length === 0 ? {} : { assertions: masker.mask(assertions, '/assert') }),
    ...(source.tags === undefined || source.tags.length === 0 ? {} : { tags: masker.mask(source.tags, '/tags') }),
    // Ids have digits in a row as cards have; masked, they would lead nowhere.
    metadata: { trace: span.traceId, span: span.spanId, time: isoOfNanos(span.startNs), ...masker.mask(names, '/metadata') },
  };
  return { case: added, expectedFrom, masked: [...masker.found], hash: variablesHash(vars) };
}

/** Cases whose variables say the same, white space and case of letters aside, are one question. */
export function variablesHash(vars: JsonObject): string {
  return hashJson(plain(vars));
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return value.trim().replace(/\s+/g, ' ').toLowerCase();
  if (Array.isArray(value)) return value.map(plain);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}

/** What the model answered: text, or the data that the text holds; `null`: nothing, or calls of tools only. */
function answerOf({ output, outputForm }: GoldenSource['span']): unknown {
  if (outputForm === null || output === null || output === undefined) return null;
  const text = outputForm === 'messages' ? textOfMessages(output as readonly Message[]) : typeof output === 'string' ? output : null;
  if (text === null) return outputForm === 'json' ? output : null;
  return text.trim() === '' ? null : text.trim();
}

function textOfMessages(messages: readonly Message[]): string {
  return messages.flatMap(({ parts }) => parts).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

function toolsCalled({ output, outputForm }: GoldenSource['span']): string[] {
  if (outputForm !== 'messages') return [];
  return (output as readonly Message[]).flatMap(({ parts }) => parts).flatMap((part) => (part.type === 'tool_call' ? [part.name] : []));
}

/**
 * A label or JSON is expected as it is: the prompt's own checks compare it, else `equals`. Of prose the meaning is checked, by the
 * similarity of embeddings; of calls of tools which ones they are.
 *
 * @param called tools of an answer that was right: a correction says nothing of the tools that should have been called
 */
function checksOf(answer: unknown, called: readonly string[]): { expected?: unknown; assertions: JsonObject[] } {
  const tools = [...new Set(called)];
  const calls: JsonObject[] = tools.length === 0 ? [] : [{ type: 'tool-call-f1', value: tools }];
  if (answer === null || answer === undefined) return { assertions: calls };
  const expected = typeof answer === 'string' ? (jsonOf(answer) ?? answer) : answer;
  if (typeof expected === 'string' && (expected.length > LONGEST_LABEL || expected.includes('\n'))) return { assertions: [{ type: 'similar', value: expected, threshold: 0.8 }, ...calls] };
  // Beside another check nothing compares the expectation by itself.
  return { expected, assertions: calls.length === 0 ? [] : [{ type: 'equals', value: typeof expected === 'string' ? '{{expected}}' : expected }, ...calls] };
}

function jsonOf(text: string): unknown {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
