import { isObject } from '../json.ts';
import type { Findings } from '../text/findings.ts';
import { locateIn, type Locate } from '../text/locate.ts';
import { readJudge } from './assertions.ts';
import type { CaseOptions } from './model.ts';
import { describe } from '../text/describe.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const TEXTS = { prefix: 'prefix', suffix: 'suffix', transformVars: 'transformVars' } as const;

/** promptfoo's options that change what is sent or how it is scored in a way that Touchstone does not do. */
const REFUSED: Readonly<Record<string, string>> = {
  storeOutputAs: 'makes later cases depend on the output of this one; Touchstone runs every case by itself',
  runSerially: 'asks for cases in order; Touchstone runs every case by itself, so it has no effect',
};
/** Read by the reader of promptfoo configs, or without an effect on the result here. */
const ELSEWHERE: ReadonlySet<string> = new Set(['disableVarExpansion', 'disableConversationVar', 'repeat']);

/** `options` of a case (promptfoo's names). What is not known is told, never dropped in silence. */
export function readCaseOptions(value: unknown, locate: Locate, findings: Findings): CaseOptions {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) {
    findings.error('case-options', `"options" is a mapping, not ${describe(value)}`, locate());
    return {};
  }
  const options: Mutable<CaseOptions> = {};
  for (const [key, item] of Object.entries(value)) {
    const place = locateIn(locate, key);
    if (Object.hasOwn(TEXTS, key)) {
      if (typeof item === 'string') options[key as keyof typeof TEXTS] = item;
      else findings.error('case-options', `"${key}" is a text, not ${describe(item)}`, place());
    } else if (key === 'transform' || key === 'postprocess') {
      if (typeof item === 'string') options.transform = item;
      else findings.error('case-options', `"${key}" is JavaScript as a text, not ${describe(item)}`, place());
    } else if (key === 'provider') {
      const judge = readJudge(item, 'text');
      if (judge) options.judge = judge;
      else findings.error('case-options', `"provider" is a model's id, or a mapping with an id, not ${describe(item)}`, place());
    } else if (key === 'rubricPrompt') options.rubricPrompt = item;
    else if (key === 'disableDefaultAsserts') options.disableDefaultAssertions = item === true;
    else if (key === 'expandVars') readExpandVars(item, options, place, findings);
    else if (Object.hasOwn(REFUSED, key)) findings[key === 'storeOutputAs' ? 'error' : 'warning']('case-options', `${key} ${REFUSED[key]}`, place());
    else if (!ELSEWHERE.has(key)) findings.warning('case-options', `unknown option "${key}" is ignored`, place());
  }
  return options;
}

function readExpandVars(item: unknown, options: Mutable<CaseOptions>, locate: Locate, findings: Findings): void {
  if (Array.isArray(item) && item.every((name) => typeof name === 'string')) options.expandVars = item;
  else findings.error('case-options', '"expandVars" is a list of names of variables whose values are templates', locate());
}
