import type { AssertionSpec } from '../assert/model.ts';
import { parseType } from '../assert/types.ts';

const CODE_PREFIXES = ['javascript:', 'fn:', 'eval:'];
const LIST_TYPES: ReadonlySet<string> = new Set(['contains-any', 'contains-all', 'icontains-any', 'icontains-all']);
/** Where promptfoo's CSV notation gives no threshold, it takes this one, whatever the type's own is. */
const TEXT_THRESHOLD = 0.75;
const THRESHOLD_TYPES: ReadonlySet<string> = new Set([
  'similar', 'similar:cosine', 'similar:dot', 'similar:euclidean', 'answer-relevance', 'context-recall', 'context-relevance', 'context-faithfulness',
  'levenshtein', 'bleu', 'gleu', 'rouge-n', 'meteor', 'latency', 'cost', 'perplexity', 'perplexity-score', 'g-eval', 'classifier', 'llm-rubric',
]);

/**
 * promptfoo's notation for an assertion in one text, as in the `__expected` columns of a CSV file:
 * `javascript:CODE`, `file://check.js`, `python:CODE`, `grade:RUBRIC`, `[not-]type[(threshold)]:value`; anything else
 * is the exact output that is expected.
 */
export function assertionFromText(text: string): AssertionSpec {
  for (const prefix of CODE_PREFIXES) {
    if (text.startsWith(prefix)) return { type: 'javascript', value: text.slice(prefix.length).trim() };
  }
  if (text.startsWith('grade:')) return { type: 'llm-rubric', value: text.slice('grade:'.length).trim() };
  if (text.startsWith('python:')) return { type: 'python', value: text.slice('python:'.length).trim() };
  if (text.startsWith('file://')) return { type: text.replace(/:[\w$]+$/, '').endsWith('.py') ? 'python' : 'javascript', value: text };
  return typedAssertion(text) ?? { type: 'equals', value: text };
}

function typedAssertion(text: string): AssertionSpec | null {
  const match = /^(not-)?([a-z0-9-]+(?::(?:cosine|dot|euclidean))?)(?:\(([\d.]+)\))?(?::([\s\S]*))?$/.exec(text);
  const [, not = '', name = '', written, rest] = match ?? [];
  if (!match || !parseType(not + name)) return null;
  const value = rest?.trim();
  const threshold = written === undefined ? (THRESHOLD_TYPES.has(name) ? TEXT_THRESHOLD : undefined) : Number(written);
  return {
    type: not + name,
    ...(value === undefined || value === '' ? {} : { value: LIST_TYPES.has(name) ? splitQuotedList(value) : value }),
    ...(threshold === undefined || Number.isNaN(threshold) ? {} : { threshold }),
  };
}

/** `a, "b, c"` → two items; quotes are doubled inside quotes. */
function splitQuotedList(text: string): string[] {
  const items: string[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(?:,|$)/gy;
  for (let match = pattern.exec(text); match && match[0] !== ''; match = pattern.exec(text)) {
    items.push(match[1] === undefined ? (match[2] ?? '').trim() : match[1].replaceAll('""', '"'));
    if (pattern.lastIndex >= text.length) break;
  }
  return items;
}
