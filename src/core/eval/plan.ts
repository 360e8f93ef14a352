import { needsCode } from '../assert/code.ts';
import type { AssertionSpec } from '../assert/model.ts';
import { isQuickRegex } from '../assert/text/regex-steps.ts';
import { parseType, placeOfType } from '../assert/types.ts';
import type { Case } from '../dataset/model.ts';
import type { Model, ModelRef } from '../model/model.ts';
import type { PromptDocument } from '../prompt/model.ts';
import { matchesName } from '../prompt/names.ts';
import { cellCount, cellKeyAt, type RunShape } from './ordinal.ts';
import { ASSUMED_OUTPUT_TOKENS, CHARACTERS_PER_TOKEN } from './tokens.ts';

/** Everything that one run needs, fixed before its first request. */
export interface RunPlan {
  readonly prompt: PromptDocument;
  readonly models: readonly Model[];
  readonly labels: readonly string[];
  readonly cases: readonly Case[];
  readonly repeats: number;
  readonly concurrency: number;
  readonly noCache: boolean;
  readonly maxRetries: number;
  /** Limit on one attempt as a whole; the idle limit is the model adapter's. */
  readonly timeoutMs?: number;
  readonly budgetUsd: number | null;
}

/** The part of a plan that is stored with the run, so that it resumes whatever becomes of the files. */
export interface StoredPlan {
  readonly prompt: PromptDocument;
  readonly models: readonly ModelRef[];
  readonly concurrency: number;
  readonly noCache: boolean;
  readonly maxRetries: number;
  readonly timeoutMs?: number;
}

export function planShape(plan: RunPlan): RunShape {
  return { cases: plan.cases.length, models: plan.models.length, repeats: plan.repeats };
}

/**
 * The prompt's checks, then the case's own. A case that expects something while nobody says how to check it is compared as
 * it stands: passing it unseen would be a rate that means nothing.
 */
export function caseAssertions(prompt: PromptDocument, item: Case): readonly AssertionSpec[] {
  const specs = item.options.disableDefaultAssertions === true || prompt.assertions.length === 0 ? item.assertions : [...prompt.assertions, ...item.assertions];
  if (specs.length > 0 || item.expected === undefined) return specs;
  return [{ type: 'equals', value: typeof item.expected === 'string' ? '{{expected}}' : item.expected }];
}

/** Whether the first output will likely have a check for a scoring thread: starting one can go on beside the first request. */
export async function scoresInThread(plan: RunPlan): Promise<boolean> {
  const [first] = plan.cases;
  const specs = first === undefined ? [] : caseAssertions(plan.prompt, first).flatMap((spec) => [spec, ...(spec.assert ?? [])]);
  for (const spec of specs) {
    if (placeOfType(spec) !== 'worker' || needsCode(spec)) continue;
    const quick = parseType(spec.type)?.name === 'regex' && typeof spec.value === 'string' && (await isQuickRegex(spec.value, ASSUMED_OUTPUT_TOKENS * CHARACTERS_PER_TOKEN));
    if (!quick) return true;
  }
  return false;
}

/** Whether a case is for this prompt: promptfoo's `prompts` filter (exact label or id, or `group:*` and `group` for labels that start with `group:`). */
export function caseIsForPrompt(item: Case, prompt: PromptDocument): boolean {
  return item.prompts === undefined || item.prompts.some((wanted) => matchesName(wanted, prompt.filterNames ?? [prompt.name, prompt.id]));
}

/** promptfoo's `providers` filter, by label or id. */
function caseIsForModel(item: Case, model: { readonly label: string; readonly id: string }): boolean {
  return item.models === undefined || item.models.some((wanted) => matchesName(wanted, [model.label, model.id]));
}

export interface CaseFilter {
  /** Part of the id, the description or a variable's text; upper and lower case are the same. */
  readonly text?: string;
  /** A case with any of them. */
  readonly tags?: readonly string[];
  readonly caseIds?: readonly string[];
}

export function caseMatches(item: Case, filter: CaseFilter): boolean {
  if (filter.caseIds !== undefined && !filter.caseIds.includes(item.id)) return false;
  if (filter.tags !== undefined && filter.tags.length > 0 && !filter.tags.some((tag) => item.tags.includes(tag))) return false;
  if (filter.text === undefined || filter.text === '') return true;
  const text = filter.text.toLowerCase();
  return [item.id, item.description ?? '', ...Object.values(item.vars).map((value) => (typeof value === 'string' ? value : JSON.stringify(value) ?? ''))].some((candidate) =>
    candidate.toLowerCase().includes(text),
  );
}

/** Cells that a plan asks for: all, but for cases that name their models. */
export function plannedOrdinals(plan: RunPlan): number[] {
  const shape = planShape(plan);
  const ordinals: number[] = [];
  for (let ordinal = 0; ordinal < cellCount(shape); ordinal++) {
    const { caseIndex, modelIndex } = cellKeyAt(ordinal, shape);
    const item = plan.cases[caseIndex];
    const model = plan.models[modelIndex];
    if (item !== undefined && model !== undefined && caseIsForModel(item, { label: plan.labels[modelIndex] ?? model.ref.id, id: model.ref.id })) ordinals.push(ordinal);
  }
  return ordinals;
}
