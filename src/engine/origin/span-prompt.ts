import { isDeepStrictEqual } from 'node:util';
import { LEAST_EVIDENCE, type MatchMessage, type PromptMatch } from '../../core/match/prompt-index.ts';
import { contentText } from '../../core/prompt/messages.ts';
import { recordedCall } from '../../core/replay/recorded-call.ts';
import type { Span } from '../../core/trace/model.ts';
import type { PromptOrigin, SpanPrompt } from '../../protocol/spans.ts';
import type { Template, Templates } from './templates.ts';

/** Longer calls are not looked through: nothing that a model takes is as long, and looking takes the time of everybody else. */
const MOST_CHARACTERS = 4_000_000;

/** Origins that are shown; a person looks at the first ones. */
const MOST_ORIGINS = 8;

export type CallSpan = Pick<Span, 'kind' | 'input' | 'inputForm' | 'tools' | 'parameters' | 'model' | 'modelRequested' | 'promptName' | 'promptVersion' | 'promptVariables' | 'contentHint'>;

/** Which prompt, in which version, rendered a call: what the app says of it, else what its text shows. */
export function promptOfSpan(span: CallSpan, { index, byKey }: Templates): SpanPrompt {
  const all = messagesOf(span);
  const messages = all.reduce((sum, { text }) => sum + text.length, 0) <= MOST_CHARACTERS ? all : [];
  const { matches, certain } = index.match(messages, MOST_ORIGINS);
  const origins = matches.flatMap((match) => originsOf(match, byKey, span));
  const said = span.promptName === null ? null : originSaid(span, span.promptName, byKey, origins);
  if (said !== null) {
    const others = origins.filter(({ promptId, path }) => promptId !== said.promptId || path !== said.path);
    return { how: 'said', certain: said.versions.length === 1, origins: [said, ...others].slice(0, MOST_ORIGINS), note: noteOnSaid(span, said, origins) };
  }
  const [best, second] = origins;
  if (best === undefined) return { how: 'none', certain: false, origins: [], note: all.length > messages.length ? 'The call is too long to be looked through.' : noteOnNone(span, messages, byKey.size) };
  const isCertain = certain && best.exact && best.versions.length === 1 && matches[0]?.keys !== undefined && (second === undefined || !sharesTexts(matches[0], second, byKey));
  return { how: 'matched', certain: isCertain, origins: origins.slice(0, MOST_ORIGINS), note: noteOnMatch(best, second, isCertain, certain, matches[0]?.literalLength ?? 0) };
}

function messagesOf(span: CallSpan): MatchMessage[] {
  return (recordedCall(span)?.messages ?? []).map(({ role, content }) => ({ role, text: contentText(content) }));
}

/** One origin for each prompt that has these texts. */
function originsOf(match: PromptMatch, byKey: ReadonlyMap<string, Template>, span: CallSpan): PromptOrigin[] {
  const groups = new Map<string, Template[]>();
  for (const key of match.keys) {
    const template = byKey.get(key);
    if (template === undefined) continue;
    const id = `${template.path ?? ''} ${template.promptId}`;
    groups.set(id, [...(groups.get(id) ?? []), template]);
  }
  return [...groups.values()].map((templates) => ({
    ...promptIn(templates),
    versions: versionsOf(templates, span),
    exact: match.exact,
    score: match.score,
    variables: [...match.variables].map(([name, { value, unique }]) => ({ name, value, doubtful: !unique })),
    unknown: match.unknown,
    end: match.end,
  }));
}

function promptIn(templates: readonly Template[]): Pick<PromptOrigin, 'promptId' | 'name' | 'path'> {
  const [{ promptId, name, path }] = templates as [Template, ...Template[]];
  return { promptId, name, path };
}

/**
 * Versions with the same texts differ in their models or parameters: where the call shows which, only those that fit it are left. A working
 * copy that is a version is that version.
 */
function versionsOf(templates: readonly Template[], span: CallSpan): PromptOrigin['versions'] {
  const saved = templates.filter(({ ref }) => ref !== 'working');
  const distinct = [...saved, ...templates.filter(({ ref, hash }) => ref === 'working' && !saved.some((version) => version.hash === hash))];
  const fits = distinct.map((template) => fit(template, span));
  const best = Math.max(...fits);
  return distinct
    .filter((_, i) => fits[i] === best)
    .sort((a, b) => b.number - a.number)
    .map(({ ref, label, environments }) => ({ ref, label, environments }));
}

/** How well model and parameters agree with the call's; what the call does not say agrees with everything. */
function fit({ models, parameters }: Template, span: CallSpan): number {
  const called = [span.modelRequested, span.model].filter((model) => model !== null);
  const byModel = called.length === 0 || models.some((model) => called.some((name) => sameModel(model, name))) ? 2 : 0;
  const recorded = recordedCall(span)?.parameters ?? {};
  const names = Object.keys(recorded).filter((name) => Object.hasOwn(parameters, name)) as (keyof typeof recorded & keyof typeof parameters)[];
  return byModel + (names.every((name) => isDeepStrictEqual(recorded[name], parameters[name])) ? 1 : 0);
}

/** `openai/gpt-5-mini` and `gpt-5-mini-2025-08-07`: without the vendor, and with whatever date stands behind. */
function sameModel(configured: string, called: string): boolean {
  const bare = (name: string): string => name.toLowerCase().replace(/^.*[/:]/, '');
  const [a, b] = [bare(configured), bare(called)];
  return a === b || (b.startsWith(a) && /^[-@](?:20)?\d{2}/.test(b.slice(a.length)));
}

function originSaid(span: CallSpan, said: string, byKey: ReadonlyMap<string, Template>, origins: readonly PromptOrigin[]): PromptOrigin | null {
  const named = [...byKey.values()].filter(({ promptId, name }) => promptId === said || name === said);
  if (named.length === 0) return null;
  const { promptVersion } = span;
  const ofVersion = promptVersion === null ? [] : named.filter((template) => isVersion(template, promptVersion));
  const [first] = ofVersion.length > 0 ? ofVersion : named;
  if (first === undefined) return null;
  const templates = (ofVersion.length > 0 ? ofVersion : named).filter(({ promptId, path }) => promptId === first.promptId && path === first.path);
  const matched = origins.find(({ promptId, path }) => promptId === first.promptId && path === first.path);
  const variables = span.promptVariables === null ? (matched?.variables ?? []) : Object.entries(span.promptVariables).map(([name, value]) => ({ name, value: typeof value === 'string' ? value : JSON.stringify(value), doubtful: false }));
  return { ...promptIn(templates), versions: versionsOf(templates, span), exact: matched?.exact ?? false, score: matched?.score ?? 0, variables, unknown: (matched?.unknown ?? []).filter((name) => !variables.some((variable) => variable.name === name)), end: matched?.end ?? 0 };
}

/** A version as apps write it: its number, its hash or the beginning of it, its label, an environment that points to it. */
function isVersion({ number, hash, label, environments }: Template, said: string): boolean {
  const text = said.trim().toLowerCase();
  if (/^v?\d{1,6}$/.test(text) && number > 0 && Number(text.replace('v', '')) === number) return true;
  return (/^[0-9a-f]{7,64}$/.test(text) && hash.startsWith(text)) || text === label.toLowerCase() || environments.includes(said);
}

/** Whether the second origin is another prompt with the same texts: a copy. */
function sharesTexts(match: PromptMatch, second: PromptOrigin, byKey: ReadonlyMap<string, Template>): boolean {
  return match.keys.some((key) => byKey.get(key)?.promptId === second.promptId && byKey.get(key)?.path === second.path);
}

function noteOnSaid(span: CallSpan, said: PromptOrigin, origins: readonly PromptOrigin[]): string | null {
  const [matched] = origins;
  if (matched?.exact === true && matched.promptId !== said.promptId) return `The app says ${said.name}; the text is that of ${matched.name}.`;
  if (span.promptVersion !== null && said.versions.length !== 1) return `The app says version ${span.promptVersion}, which this workspace does not have.`;
  return said.versions.length > 1 ? 'The app does not say which version.' : null;
}

function noteOnNone(span: CallSpan, messages: readonly MatchMessage[], prompts: number): string {
  if (messages.length === 0) return span.contentHint === null ? 'The call holds no messages.' : `The call holds no messages. ${span.contentHint}`;
  return prompts === 0 ? 'This workspace has no prompts.' : 'No prompt of this workspace has a text like this.';
}

function noteOnMatch(best: PromptOrigin, second: PromptOrigin | undefined, isCertain: boolean, textIsCertain: boolean, literalLength: number): string | null {
  if (isCertain) return null;
  if (literalLength < LEAST_EVIDENCE) return `${best.name} has hardly any text of its own: it fits nearly every call.`;
  if (!best.exact) return `${Math.round(best.score * 100)} % of the prompt's text is in the call: it was edited since, or is another one.`;
  if (textIsCertain && second === undefined) return `${best.versions.map(({ label }) => label).join(' and ')} have the same text, model and parameters as far as the call shows.`;
  return second === undefined ? null : `${best.name} and ${second.name} can both have rendered this.`;
}
