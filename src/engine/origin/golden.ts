import type { Case, DatasetRef } from '../../core/dataset/model.ts';
import { collectDataset } from '../../core/dataset/read.ts';
import { TouchstoneError } from '../../core/errors.ts';
import { caseId } from '../../core/golden/case-id.ts';
import { pickDiverse } from '../../core/golden/diverse.ts';
import { proposeCase, variablesHash } from '../../core/golden/propose.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { contentText } from '../../core/prompt/messages.ts';
import type { PromptDocument } from '../../core/prompt/model.ts';
import { lookUp } from '../../core/prompt/placeholders.ts';
import { valuesIn, valuesOfCase } from '../../core/match/values-of-case.ts';
import { Masker } from '../../core/privacy/mask.ts';
import { recordedCall } from '../../core/replay/recorded-call.ts';
import type { Span } from '../../core/trace/model.ts';
import type { CaseProposal, PromptOrigin, SpanMethods, SpanPrompt, SpanRef } from '../../protocol/spans.ts';
import { readPrompts } from '../prepare.ts';
import type { Workspace } from '../workspace.ts';
import { goneIsNone } from './gone.ts';

/** What golden cases need of the rest of the engine. */
export interface GoldenPorts {
  /** A span with nothing cut. @throws TouchstoneError 'not-found' */
  span(ref: SpanRef, signal: AbortSignal): Promise<Span>;
  prompt(span: Span): SpanPrompt;
  /** Calls of a model that a query finds, newest first. */
  calls(query: string, limit: number, signal: AbortSignal): Promise<SpanRef[]>;
  /** The name of the source that a trace was fetched from. */
  fetchedFrom(traceId: string): Promise<string | null>;
}

type Propose = SpanMethods['golden/propose'];
type Sample = SpanMethods['golden/sample'];

/** Cases that are proposed at once: more than that nobody reads before they are committed. */
const MOST_CASES = 200;
/** Calls that are compared to choose among them. */
const MOST_CANDIDATES = 2000;
/** Characters of a question that tell what it is about. */
const QUESTION = 600;

/** What a new case is asked of: a prompt of the workspace, its dataset, and the cases that are in it. */
interface Target {
  readonly document: PromptDocument;
  readonly dataset: CaseProposal['dataset'];
  readonly cases: readonly Case[];
  /** By `variablesHash`. */
  readonly known: Map<string, { caseId: string; line: number }>;
  readonly ids: Set<string>;
}

export class GoldenCases {
  readonly #workspace: Workspace;
  readonly #ports: GoldenPorts;

  constructor(workspace: Workspace, ports: GoldenPorts) {
    this.#workspace = workspace;
    this.#ports = ports;
  }

  /** Nothing is written: what a person accepts becomes an edit of the dataset. */
  async propose(request: Propose[0], signal: AbortSignal): Promise<Propose[1]> {
    checkCount(request.spans.length);
    const targets = new Map<string, Promise<Target | null>>();
    const proposals: CaseProposal[] = [];
    for (const ref of request.spans) {
      signal.throwIfAborted();
      proposals.push(await this.#proposal(ref, request, targets, signal));
    }
    return { proposals };
  }

  /**
   * Of the calls that a query finds those whose questions differ the most, the newest first. Where there are more than are wanted, none is
   * chosen that a case of its dataset asks already; where every one is asked already, these are given, so that this is said.
   */
  async sample({ query, count, prompt }: Sample[0], signal: AbortSignal): Promise<Sample[1]> {
    checkCount(count);
    const found: { ref: SpanRef; question: string }[] = [];
    for (const ref of await this.#ports.calls(query, MOST_CANDIDATES, signal)) {
      const span = await this.#ports.span(ref, signal).catch(goneIsNone);
      if (span === null) continue;
      if (prompt !== undefined && !isOf(this.#ports.prompt(span).origins[0], prompt)) continue;
      const question = questionOf(span);
      if (question !== '') found.push({ ref, question: question.slice(0, QUESTION) });
    }
    const distinct = [...new Map(found.map((one) => [one.question, one])).values()];
    if (distinct.length <= count) return { spans: distinct.map(({ ref }) => ref), of: found.length };
    const catalog = this.#workspace.catalog(await this.#workspace.usableConfig(this.#workspace.files()));
    try {
      // What people wrote stays on this machine: always the local model, whichever one the project has for its checks.
      const model = await catalog.embedding();
      const vectors = await model.embed(distinct.map(({ question }) => question), signal);
      const candidates = pickDiverse(vectors, count + MOST_CASES).flatMap((position) => distinct[position]?.ref ?? []);
      const asked = await this.#newOf(candidates, count, { spans: [], ...(prompt === undefined ? {} : { prompt }) }, signal);
      return { spans: asked.length > 0 ? asked : candidates.slice(0, count), of: found.length };
    } finally {
      await catalog.dispose();
    }
  }

  /** At most `count` of the calls, in their order, that would be new cases. What cannot be proposed says so when it is proposed. */
  async #newOf(candidates: readonly SpanRef[], count: number, request: Propose[0], signal: AbortSignal): Promise<SpanRef[]> {
    const targets = new Map<string, Promise<Target | null>>();
    const chosen: SpanRef[] = [];
    for (const ref of candidates) {
      if (chosen.length === count) break;
      signal.throwIfAborted();
      const proposal = await this.#proposal(ref, request, targets, signal).catch((error: unknown) => {
        if (error instanceof TouchstoneError && error.code !== 'cancelled') return null;
        throw error;
      });
      if ((proposal?.duplicateOf ?? null) === null) chosen.push(ref);
    }
    return chosen;
  }

  async #proposal(ref: SpanRef, request: Propose[0], targets: Map<string, Promise<Target | null>>, signal: AbortSignal): Promise<CaseProposal> {
    const span = await this.#ports.span(ref, signal);
    const { origins, certain, note } = this.#ports.prompt(span);
    const wanted = request.prompt;
    const origin = wanted === undefined ? (origins[0] ?? null) : (origins.find((one) => isOf(one, wanted)) ?? null);
    const place = wanted ?? (origin === null || origin.path === null ? undefined : { path: origin.path, prompt: origin.promptId });
    const target = place === undefined ? null : await this.#target(place, request, targets);
    const notes = note === null || certain ? [] : [note];
    const given = request.vars?.[ref.spanId] ?? {};
    const syntax = target?.document.syntax ?? 'placeholders';
    const known = [...this.#told(span, origin, target, given, notes), ...valuesIn(given)];
    const missing = missingIn(valuesOfCase(known, syntax), origin, target);
    if (missing.length > 0) notes.push(`${origin === null ? 'The prompt was not recognised in the call. ' : ''}Fill in ${missing.join(', ')}: the call does not tell.`);
    const variables = valuesOfCase([...known, ...missing.map((name) => ({ name, value: '' }))], syntax);
    const corrections = request.corrections ?? {};
    const source = await this.#ports.fetchedFrom(ref.traceId);
    const masker = new Masker();
    const { case: proposed, expectedFrom, masked, hash } = proposeCase({
      span,
      variables,
      prompt: origin === null ? null : { id: origin.promptId, version: origin.versions.length === 1 ? (origin.versions[0]?.ref.slice(0, 8) ?? null) : null },
      ...(Object.hasOwn(corrections, ref.spanId) ? { correction: corrections[ref.spanId] } : {}),
      ...(source === null ? {} : { fetchedFrom: source }),
    }, masker);
    const duplicateOf = target?.known.get(hash) ?? null;
    const id = caseId(proposed.vars, hash, target?.ids ?? new Set());
    // Of two spans that ask the same, the second is the duplicate; what it repeats has no line yet.
    target?.ids.add(id);
    if (target !== null && duplicateOf === null) target.known.set(hash, { caseId: id, line: 0 });
    return { span: ref, origin: origin === null ? null : maskedOrigin(origin, masker), case: { id, ...proposed }, expectedFrom, masked, dataset: target?.dataset ?? null, missing, duplicateOf, notes };
  }

  /** The values that the prompt was filled with, as far as the call tells; without a prompt, or with one variable, what the person asked last. */
  #told(span: Span, origin: PromptOrigin | null, target: Target | null, given: JsonObject, notes: string[]): readonly { readonly name: string; readonly value: unknown }[] {
    if (origin === null) {
      const question = questionOf(span);
      const [only, ...others] = target === null ? ['input'] : declaredIn(target);
      // Of several variables nobody knows which one the question was: a wrong one would look as if it were right.
      if (question === '' || only === undefined || others.length > 0) return [];
      if (target !== null && !Object.hasOwn(given, only)) notes.push(`The prompt was not recognised in the call: ${only} is its last question.`);
      return [{ name: only, value: question }];
    }
    const doubtful = origin.variables.filter(({ name, doubtful: isDoubtful }) => isDoubtful && !Object.hasOwn(given, name)).map(({ name }) => name);
    if (doubtful.length > 0) notes.push(`Look at ${doubtful.join(', ')}: the text could have come about with other values.`);
    return origin.variables;
  }

  #target(place: { readonly path: string; readonly prompt?: string }, request: Propose[0], targets: Map<string, Promise<Target | null>>): Promise<Target | null> {
    const key = JSON.stringify([place.path, place.prompt]);
    let target = targets.get(key);
    if (target === undefined) {
      target = this.#readTarget(place, request);
      targets.set(key, target);
    }
    return target;
  }

  async #readTarget({ path, prompt }: { readonly path: string; readonly prompt?: string }, { overlays }: Propose[0]): Promise<Target | null> {
    const files = this.#workspace.files(overlays);
    const config = await this.#workspace.usableConfig(files);
    const [found] = await readPrompts({ targets: [path], ...(prompt === undefined ? {} : { prompts: [prompt] }) }, { workspace: this.#workspace, files, config });
    if (found === undefined) throw new TouchstoneError('not-found', `There is no prompt ${prompt ?? ''} in ${path}.`);
    const { prompt: document } = found;
    const cases = await collectDataset(document.dataset, { files, root: this.#workspace.folder });
    return {
      document,
      dataset: datasetOf(document),
      cases,
      known: new Map(cases.map((item) => [variablesHash(item.vars), { caseId: item.id, line: item.place.range.start.line + 1 }])),
      ids: new Set(cases.map(({ id }) => id)),
    };
  }
}

function declaredIn({ document }: Target): string[] {
  return document.variables.map(({ name }) => name).filter((name) => name !== 'expected');
}

/** Variables of the prompt, and members of them, without a value. What is asked for by its members is not asked for as a whole. */
function missingIn(values: JsonObject, origin: PromptOrigin | null, target: Target | null): string[] {
  const wanted = [...new Set([...(origin?.unknown ?? []), ...(target === null ? [] : declaredIn(target))])].filter((name) => !isKnown(values, name));
  return wanted.filter((name) => !wanted.some((other) => other.startsWith(`${name}.`)));
}

/** A text has no members: where `user` is one, nothing can be put into `user.name`. */
function isKnown(values: JsonObject, name: string): boolean {
  const [root = ''] = name.split('.', 1);
  return lookUp(values, name) !== undefined || (Object.hasOwn(values, root) && !isObject(values[root]));
}

/** Where a new case goes: the dataset's only file, or the list in the prompt file itself. `null`: nobody has said. */
function datasetOf(document: PromptDocument): CaseProposal['dataset'] {
  const { files, inline }: DatasetRef = document.dataset;
  const [file] = files;
  if (file !== undefined && files.length === 1) return { file, key: null };
  if (files.length > 1) return null;
  if (document.format === 'promptfoo') return { file: document.path, key: 'tests' };
  return inline.length > 0 ? { file: document.path, key: 'testData' } : null;
}

function checkCount(count: number): void {
  if (!Number.isInteger(count) || count < 0 || count > MOST_CASES) throw new TouchstoneError('usage', `At most ${MOST_CASES} cases are made at once, not ${count}.`);
}

/** What is shown of a proposal holds nobody's data either: it may be printed to a log. */
function maskedOrigin(origin: PromptOrigin, masker: Masker): PromptOrigin {
  return { ...origin, variables: origin.variables.map((variable) => ({ ...variable, value: masker.mask(variable.value) })) };
}

function isOf(origin: PromptOrigin | undefined, { path, prompt }: { readonly path: string; readonly prompt?: string }): boolean {
  return origin?.path === path && (prompt === undefined || origin.promptId === prompt);
}

function questionOf(span: Span): string {
  const last = (recordedCall(span)?.messages ?? []).findLast(({ role }) => role === 'user');
  return last === undefined ? '' : contentText(last.content).trim();
}
