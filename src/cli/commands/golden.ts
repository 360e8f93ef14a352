import { readFile, writeFile } from 'node:fs/promises';
import { appendCaseEdit, datasetRow } from '../../core/dataset/edit.ts';
import { TouchstoneError } from '../../core/errors.ts';
import { maskedPlace } from '../../core/golden/masked-place.ts';
import { formatCount } from '../../core/text/format.ts';
import { LineMap } from '../../core/text/position.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { PromptPlace } from '../../protocol/registry.ts';
import type { CaseProposal, SpanRef } from '../../protocol/spans.ts';
import { callOfTrace } from '../call-of-trace.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { findPrompt } from '../find-prompt.ts';
import { matchCalls } from '../match-calls.ts';
import { relativeTo } from '../paths.ts';
import { printableLines } from '../terminal.ts';
import { varOptions } from '../var-options.ts';
import { withEngine } from '../with-engine.ts';

export interface GoldenOptions extends CommonOptions {
  readonly span?: string;
  readonly query?: string;
  readonly count: number;
  readonly prompt?: string;
  readonly expected?: string;
  /** Names and texts for variables that the call does not tell. */
  readonly var?: readonly (readonly [name: string, value: string])[];
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Makes golden cases of recorded calls, and appends them to the dataset of the prompt that rendered them. */
export function goldenCommand(trace: string | undefined, options: GoldenOptions, context: CliContext): Promise<ExitCode> {
  if ((trace === undefined) === (options.query === undefined)) throw usageError('Name a trace, or say with --query which calls are meant.');
  if (options.var !== undefined && trace === undefined) throw usageError('--var is a value of one call: name its trace.');
  if (options.expected !== undefined && trace === undefined) throw usageError('--expected is what one call should have answered: name its trace.');
  return withEngine(options, context, async (engine) => {
    const prompt = options.prompt === undefined ? undefined : await findPrompt(engine, options.prompt, context.cwd);
    const spans = trace === undefined ? await sampled(engine, options, prompt, context) : [await callOfTrace(engine, trace, options.span)];
    const [first] = spans;
    const corrections = options.expected === undefined || first === undefined ? {} : { corrections: { [first.spanId]: options.expected } };
    const vars = options.var === undefined || first === undefined ? {} : { vars: { [first.spanId]: Object.fromEntries(options.var) } };
    const { proposals } = await engine.request('golden/propose', { spans, ...(prompt === undefined ? {} : { prompt }), ...corrections, ...vars });
    const fresh = proposals.filter(({ duplicateOf }) => duplicateOf === null);
    const check = (): void => {
      // All or none: whoever is told that one has no place is not left to find out which were written.
      for (const proposal of fresh) placeOf(proposal, prompt !== undefined);
      if (trace !== undefined) fresh.forEach(requireValues);
    };
    if (options.dryRun !== true) {
      check();
      for (const proposal of fresh) await append(proposal, placeOf(proposal, prompt !== undefined));
    }
    if (options.json === true) await context.stdout.write(`${JSON.stringify({ cases: proposals }, null, 2)}\n`);
    else await context.stdout.write(`${printableLines(proposals.flatMap((proposal) => describe(proposal, options.dryRun === true, context)).join('\n')).join('\n')}\n`);
    await context.stderr.write(unchecked(fresh));
    // A dry run ends as the real one would.
    if (options.dryRun === true) {
      check();
      await context.stderr.write(`${formatCount(fresh.length, 'case')} would be appended; nothing was written.\n`);
    }
    return EXIT.good;
  });
}

async function sampled(engine: EngineClient, { query = '', count }: GoldenOptions, prompt: PromptPlace | undefined, context: CliContext): Promise<readonly SpanRef[]> {
  await matchCalls(engine, query, context);
  const { spans, of } = await engine.request('golden/sample', { query, count, ...(prompt === undefined ? {} : { prompt }) });
  if (of === 0) throw new TouchstoneError('not-found', `No call of a model is found by ${query === '' ? 'an empty query' : query}. \`touchstone traces QUERY\` shows what is.`);
  await context.stderr.write(`${spans.length} of ${of} calls, chosen so that they differ\n`);
  return spans;
}

function placeOf({ dataset, origin, span }: CaseProposal, isPromptNamed: boolean): NonNullable<CaseProposal['dataset']> {
  if (dataset !== null) return dataset;
  throw new TouchstoneError('usage', origin === null && !isPromptNamed
    ? `Which prompt rendered the call of span ${span.spanId} is not known, so nor is the dataset that its case belongs to. Name the prompt: --prompt FILE.`
    : `Where the case of span ${span.spanId} belongs is not known: its prompt has no dataset, or several. Name a dataset under "golden:" in the prompt file.`);
}

/** Of one call somebody can say what it does not; of many the empty values are told, to be filled in by hand. @throws TouchstoneError 'usage' */
function requireValues({ missing, span }: CaseProposal): void {
  if (missing.length > 0) throw usageError(`Span ${span.spanId} does not tell ${missing.join(', ')}. Give ${missing.length === 1 ? 'it' : 'them'}: ${varOptions(missing)}`);
}

async function append({ case: added }: CaseProposal, dataset: NonNullable<CaseProposal['dataset']>): Promise<void> {
  const text = await readFile(dataset.file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });
  const { range, newText } = appendCaseEdit(dataset.file, text, added, dataset.key ?? undefined);
  const lines = new LineMap(text);
  await writeFile(dataset.file, text.slice(0, lines.offsetAt(range.start)) + newText + text.slice(lines.offsetAt(range.end)));
}

/** A case that expects what was answered passes for what a person said, also where the answer was wrong. */
function unchecked(proposals: readonly CaseProposal[]): string {
  const count = proposals.filter(({ case: { expected, assertions }, expectedFrom }) => expectedFrom !== 'correction' && (expected !== undefined || assertions !== undefined)).length;
  if (count === 0) return '';
  const [what, them] = count === 1 ? ['One case expects', 'it'] : [`${formatCount(count, 'case')} expect`, 'them'];
  return `${what} what was answered then, and nobody has checked that: read ${them} before you commit ${them}.\n`;
}

function describe({ case: added, dataset, duplicateOf, masked, notes, origin, span }: CaseProposal, isDryRun: boolean, context: CliContext): string[] {
  const where = dataset === null ? 'no dataset' : relativeTo(context.cwd, dataset.file);
  if (duplicateOf !== null) return [`= ${span.spanId}: asks the same as ${duplicateOf.caseId}${duplicateOf.line > 0 ? ` (${where}:${duplicateOf.line})` : ''}, and is left out`];
  return [
    `${isDryRun ? '?' : '+'} ${where}  ${JSON.stringify(datasetRow(added))}`,
    ...(origin === null ? [] : [`  ${origin.name} · ${origin.versions.map(({ label }) => label).join(', ')}${origin.exact ? '' : ` · a guess, ${Math.round(origin.score * 100)} % of its text`}`]),
    ...(masked.length === 0 ? [] : [`  masked: ${masked.map(({ placeholder, pointer, hint }) => `${placeholder} in ${maskedPlace(pointer)} (${hint})`).join(', ')}; names and postal addresses are not found`]),
    ...notes.map((note) => `  ${note}`),
  ];
}
