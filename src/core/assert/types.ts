/** Where a check is made. */
export type CheckPlace =
  | 'here' // linear in the output, no code, no parser: in the engine's own thread
  | 'worker' // code, regular expressions that may take long, parsers: in the worker, each under a time limit
  | 'outside' // another program or server
  | 'judge' // asks a model or embeddings
  | 'group' // compares the outputs of one case with each other
  | 'set';

export interface AssertionTypeInfo {
  readonly place: CheckPlace;
  /** One line, for completion and hover. */
  readonly doc: string;
  readonly value: 'none' | 'optional' | 'required';
  /** `required`, or the threshold where none is written; absent: the type has none. */
  readonly threshold?: number | 'required' | 'optional';
  /**
   * The score under `not-`. `flag` (default): 1 when it passes, else 0. `inverse`: 1 − score. `same`: the score is kept.
   */
  readonly negated?: 'flag' | 'inverse' | 'same';
  /** The value, or a file that it names, is code: runs only in a trusted workspace and under the longer time limit. */
  readonly code?: true;
  /** `not-` makes no sense. */
  readonly plainOnly?: true;
}

/** Every type that Touchstone evaluates, by its name without `not-`. The order is that of completion lists. */
export const ASSERTION_TYPES = {
  equals: { place: 'here', value: 'required', doc: 'The output is this text; for a mapping or list, JSON that equals it.' },
  contains: { place: 'here', value: 'required', doc: 'The output contains this text.' },
  icontains: { place: 'here', value: 'required', doc: 'The output contains this text, upper and lower case alike.' },
  'contains-any': { place: 'here', value: 'required', doc: 'The output contains at least one of these texts.' },
  'contains-all': { place: 'here', value: 'required', doc: 'The output contains every one of these texts.' },
  'icontains-any': { place: 'here', value: 'required', doc: 'The output contains at least one of these texts, upper and lower case alike.' },
  'icontains-all': { place: 'here', value: 'required', doc: 'The output contains every one of these texts, upper and lower case alike.' },
  'starts-with': { place: 'here', value: 'required', doc: 'The output starts with this text.' },
  regex: { place: 'worker', value: 'required', doc: 'The output matches this JavaScript regular expression somewhere.' },
  'is-json': { place: 'worker', value: 'optional', doc: 'The whole output is JSON; with a value, JSON that fits this JSON Schema.' },
  'contains-json': { place: 'worker', value: 'optional', doc: 'The output contains a JSON object; with a value, one that fits this JSON Schema.' },
  'is-xml': { place: 'worker', value: 'optional', doc: 'The whole output is well-formed XML, with these element paths if given.' },
  'contains-xml': { place: 'worker', value: 'optional', doc: 'The output contains a well-formed XML element, with these element paths if given.' },
  'is-html': { place: 'worker', value: 'none', doc: 'The whole output is HTML.' },
  'contains-html': { place: 'worker', value: 'none', doc: 'The output contains an HTML element.' },
  'is-sql': { place: 'worker', value: 'optional', doc: 'The whole output is SQL of the given database, on the allowed tables and columns.' },
  'contains-sql': { place: 'worker', value: 'optional', doc: 'The output, or a fenced block in it, is SQL of the given database.' },
  levenshtein: { place: 'worker', value: 'required', threshold: 5, doc: 'Edit distance to this text is at most the threshold.' },
  'word-count': { place: 'here', value: 'required', doc: 'The number of words is this, or between min and max.' },
  bleu: { place: 'worker', value: 'required', threshold: 0.5, negated: 'inverse', doc: 'BLEU-4 against one or more references.' },
  gleu: { place: 'worker', value: 'required', threshold: 0.5, negated: 'inverse', doc: 'Google BLEU against one or more references.' },
  'rouge-n': { place: 'worker', value: 'required', threshold: 0.75, negated: 'inverse', doc: 'ROUGE-1 F-measure against a reference.' },
  meteor: { place: 'worker', value: 'required', threshold: 0.5, negated: 'inverse', doc: 'METEOR against one or more references.' },
  'is-refusal': { place: 'here', value: 'none', doc: 'The model declined to answer.' },
  'finish-reason': { place: 'here', value: 'required', doc: 'Why the model stopped: stop, length, tool_calls, content_filter.' },
  cost: { place: 'here', value: 'none', threshold: 'required', doc: 'The call cost at most this many US dollars.' },
  latency: { place: 'here', value: 'none', threshold: 'required', doc: 'The call took at most this many milliseconds.' },
  perplexity: { place: 'here', value: 'none', threshold: 'optional', doc: 'Perplexity of the output’s tokens is at most the threshold.' },
  'perplexity-score': { place: 'here', value: 'none', threshold: 'optional', negated: 'inverse', doc: '1 / (1 + perplexity) is at least the threshold.' },
  javascript: { place: 'worker', value: 'required', threshold: 'optional', negated: 'inverse', code: true, doc: 'A JavaScript expression, function body or file that returns true, a score or a grading.' },
  python: { place: 'outside', value: 'required', threshold: 'optional', negated: 'inverse', code: true, doc: 'A Python expression, function body or file that returns True, a score or a grading.' },
  ruby: { place: 'outside', value: 'required', threshold: 'optional', negated: 'inverse', code: true, doc: 'A Ruby expression, method body or file that returns true, a score or a grading.' },
  webhook: { place: 'outside', value: 'required', threshold: 'optional', negated: 'inverse', code: true, doc: 'A server that is sent the output and answers pass and score.' },
  'is-valid-openai-tools-call': { place: 'worker', value: 'none', doc: 'Every tool call names a declared tool, and its arguments fit the tool’s schema.' },
  'is-valid-openai-function-call': { place: 'worker', value: 'none', doc: 'The function call names a declared tool, and its arguments fit the tool’s schema.' },
  'is-valid-function-call': { place: 'worker', value: 'none', doc: 'The function call names a declared tool, and its arguments fit the tool’s schema.' },
  'tool-call-f1': { place: 'here', value: 'required', threshold: 1, negated: 'same', doc: 'F1 of the names of the tools that were called against those expected.' },
  'skill-used': { place: 'here', value: 'required', doc: 'The agent reported that it used these skills.' },
  guardrails: { place: 'here', value: 'none', doc: 'The endpoint’s content filter did not stop the prompt or the output.' },
  similar: { place: 'judge', value: 'required', threshold: 0.75, negated: 'inverse', doc: 'Cosine similarity of embeddings to this text is at least the threshold.' },
  'similar:cosine': { place: 'judge', value: 'required', threshold: 0.75, negated: 'inverse', doc: 'Cosine similarity of embeddings to this text is at least the threshold.' },
  'similar:dot': { place: 'judge', value: 'required', threshold: 0.75, negated: 'inverse', doc: 'Dot product of embeddings with this text is at least the threshold.' },
  'similar:euclidean': { place: 'judge', value: 'required', threshold: 0.75, negated: 'inverse', doc: 'Euclidean distance of embeddings to this text is at most the threshold.' },
  'llm-rubric': { place: 'judge', value: 'required', threshold: 'optional', negated: 'inverse', doc: 'A judge scores the output against this rubric.' },
  'g-eval': { place: 'judge', value: 'required', threshold: 0.7, negated: 'inverse', doc: 'A judge derives evaluation steps from these criteria and scores by them.' },
  factuality: { place: 'judge', value: 'required', threshold: 'optional', negated: 'inverse', doc: 'A judge compares the facts of the output with this reference answer.' },
  'model-graded-factuality': { place: 'judge', value: 'required', threshold: 'optional', negated: 'inverse', doc: 'A judge compares the facts of the output with this reference answer.' },
  'model-graded-closedqa': { place: 'judge', value: 'required', negated: 'inverse', doc: 'A judge says whether the output meets this criterion.' },
  'answer-relevance': { place: 'judge', value: 'none', threshold: 0, negated: 'inverse', doc: 'Questions that a judge derives from the output are similar to the one asked.' },
  'context-recall': { place: 'judge', value: 'required', threshold: 0, negated: 'inverse', doc: 'Share of the statements of this expected answer that the context supports.' },
  'context-relevance': { place: 'judge', value: 'none', threshold: 0, negated: 'inverse', doc: 'Share of the context’s sentences that the query needs.' },
  'context-faithfulness': { place: 'judge', value: 'none', threshold: 0, negated: 'inverse', doc: 'Share of the output’s statements that the context supports.' },
  'conversation-relevance': { place: 'judge', value: 'none', threshold: 0.5, negated: 'inverse', doc: 'Share of the conversation’s replies that fit what was said before.' },
  'select-best': { place: 'group', value: 'required', plainOnly: true, doc: 'A judge picks the best of the outputs of one case; that one passes.' },
  'max-score': { place: 'group', value: 'optional', threshold: 'optional', plainOnly: true, doc: 'The output with the highest score of the other assertions passes.' },
  'assert-set': { place: 'set', value: 'none', threshold: 'optional', plainOnly: true, doc: 'Several assertions that count as one, with a threshold of their own.' },
  'github:string': { place: 'here', value: 'required', plainOnly: true, doc: 'GitHub Models string evaluator: equals, contains, startsWith or endsWith.' },
  'github:llm': { place: 'judge', value: 'required', plainOnly: true, doc: 'GitHub Models llm evaluator: a judge picks one of the choices.' },
  'github:uses': { place: 'judge', value: 'required', plainOnly: true, doc: 'GitHub Models built-in evaluator: similarity, coherence, fluency, relevance or groundedness.' },
} as const satisfies Record<string, AssertionTypeInfo>;

export type AssertionTypeName = keyof typeof ASSERTION_TYPES;

const TRACES = 'looks at traces of a run, which Touchstone does not score yet';

/** Types of promptfoo that are not evaluated, each with what to do about it. `*` at the end stands for any name. */
export const UNSUPPORTED_TYPES: Readonly<Record<string, string>> = {
  'trajectory:*': TRACES,
  'trace-span-count': TRACES,
  'trace-span-duration': TRACES,
  'trace-error-spans': TRACES,
  'agent-rubric': TRACES,
  'search-rubric': 'needs a judge with web search, which Touchstone does not offer; use llm-rubric with the facts in the rubric',
  moderation: 'asks a moderation service, which Touchstone does not call; use llm-rubric or javascript',
  classifier: 'asks a hosted classifier, which Touchstone does not call; use llm-rubric or javascript',
  pi: 'asks the service of Pi Labs, which Touchstone does not call; use llm-rubric',
  human: 'asks for a person’s grade; annotate the cell in the run panel instead',
  'promptfoo:redteam:*': 'is a red-team grader of promptfoo’s service, which Touchstone does not call; use llm-rubric',
};

/** A type as written, taken apart. `null`: not a type that Touchstone evaluates. */
export function parseType(type: string): { name: AssertionTypeName; info: AssertionTypeInfo; negated: boolean } | null {
  const negated = type.startsWith('not-');
  const name = negated ? type.slice('not-'.length) : type;
  if (!isTypeName(name)) return null;
  const info: AssertionTypeInfo = ASSERTION_TYPES[name];
  return negated && info.plainOnly ? null : { name, info, negated };
}

/** Where a check of this type and value is made; `null`: not a type. JSON is parsed in time linear in the output, a schema's patterns may take any time. */
export function placeOfType({ type, value }: { readonly type: string; readonly value?: unknown }): CheckPlace | null {
  const parsed = parseType(type);
  if (parsed === null) return null;
  return parsed.name === 'is-json' && (value === undefined || value === null) ? 'here' : parsed.info.place;
}

function isTypeName(name: string): name is AssertionTypeName {
  return Object.hasOwn(ASSERTION_TYPES, name);
}
