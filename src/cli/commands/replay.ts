import { TouchstoneError } from '../../core/errors.ts';
import { formatDuration, formatUsd } from '../../core/text/format.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { PromptOfReplay, Replay, ReplayOutput, ReplayRequest, SpanRef } from '../../protocol/spans.ts';
import { callOfTrace } from '../call-of-trace.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { findPrompt } from '../find-prompt.ts';
import { Interrupts } from '../interrupts.ts';
import { StatusLine } from '../status.ts';
import { printableLines } from '../terminal.ts';
import { varOptions } from '../var-options.ts';
import { withEngine } from '../with-engine.ts';

export interface ReplayOptions extends CommonOptions {
  readonly span?: string;
  readonly prompt?: string;
  /** Names and texts for variables that the call does not tell. */
  readonly var?: readonly (readonly [name: string, value: string])[];
  readonly model?: string;
  readonly times: number;
  readonly agent?: boolean;
  readonly maxSteps: number;
  readonly budget?: number;
  readonly json?: boolean;
}

/** Asks a recorded call again, and prints what was answered then and now. */
export function replayCommand(trace: string, options: ReplayOptions, context: CliContext): Promise<ExitCode> {
  if (options.var !== undefined && options.prompt === undefined) throw usageError('--var fills in a prompt: name it with --prompt. Without it the call is asked as it was recorded.');
  return withEngine(options, context, async (engine) => {
    const span = await callOfTrace(engine, trace, options.span);
    const prompt = options.prompt === undefined ? undefined : { ...await promptOf(engine, span, options.prompt, context), vars: Object.fromEntries(options.var ?? []) };
    if (prompt !== undefined) await requireValues(engine, span, prompt);
    const request: ReplayRequest = {
      span,
      with: prompt ?? { kind: 'recorded' },
      times: options.times,
      stream: 'cli',
      ...(options.model === undefined ? {} : { model: options.model }),
      ...(options.agent === true ? { agent: { maxSteps: options.maxSteps } } : {}),
      ...(options.budget === undefined ? {} : { budgetUsd: options.budget }),
    };
    const interrupts = new Interrupts(context, new StatusLine(context.stderr, options.verbose === true));
    const replayed = await engine.request('replay/run', request, interrupts.signal)
      .catch((error: unknown) => {
        if (!(error instanceof TouchstoneError) || error.code !== 'unknown-model' || options.model !== undefined) throw error;
        throw new TouchstoneError(error.code, `${error.message} Or ask another one: --model PROVIDER/NAME; \`touchstone models\` lists them.`, { cause: error, ...(error.place === undefined ? {} : { place: error.place }) });
      })
      .finally(() => interrupts.dispose());
    if (options.json === true) await context.stdout.write(`${JSON.stringify(replayed, null, 2)}\n`);
    else await context.stdout.write(`${printableLines(describe(replayed).join('\n')).join('\n')}\n`);
    return replayed.outputs.some(({ error }) => error !== null) ? EXIT.failed : EXIT.good;
  });
}

/** `PROMPT` or `PROMPT@REF`, by its file or id; `@REF`: of the prompt that rendered the call. */
async function promptOf(engine: EngineClient, span: SpanRef, wanted: string, context: CliContext): Promise<PromptOfReplay> {
  const at = wanted.lastIndexOf('@');
  const [name, ref] = at < 0 ? [wanted, 'working'] : [wanted.slice(0, at), wanted.slice(at + 1)];
  if (ref === '') throw usageError(`${wanted} names no version behind the @.`);
  if (name !== '') return { kind: 'prompt', ...await findPrompt(engine, name, context.cwd), ref };
  const { origins, note } = await engine.request('spans/prompt', span);
  const [origin] = origins;
  if (origin === undefined || origin.path === null) throw new TouchstoneError('not-found', `Which prompt rendered this call is not known: ${note ?? 'none fits.'} Name it: --prompt FILE@${ref}`);
  return { kind: 'prompt', path: origin.path, prompt: origin.promptId, ref };
}

/** @throws TouchstoneError 'usage' with the options that are missing */
async function requireValues(engine: EngineClient, span: SpanRef, prompt: PromptOfReplay): Promise<void> {
  const { name, missing } = await engine.request('replay/variables', { span, with: prompt });
  if (missing.length > 0) throw usageError(`${name} needs ${missing.join(', ')}, which the recorded call does not tell. Give ${missing.length === 1 ? 'it' : 'them'}: ${varOptions(missing)}`);
}

function describe({ recorded, outputs, model, notes }: Replay): string[] {
  return [
    `recorded · ${recorded.model ?? 'a model'}${figures(recorded.latencyMs, recorded.cost)}`,
    ...answer(recorded),
    ...outputs.flatMap((output, i) => [`${i + 1} · ${model}${figures(output.latencyMs, output.cost)} · trace ${output.traceId.slice(0, 8)}`, ...(output.error === null ? answer(output) : [`  ${output.error.code}: ${output.error.message}`]), ...(output.stopped === null ? [] : [`  ${output.stopped}`])]),
    ...notes,
  ];
}

function answer({ output, toolCalls }: Pick<ReplayOutput, 'output' | 'toolCalls'>): string[] {
  return [...(output === '' ? [] : output.split('\n').map((line) => `  ${line}`)), ...toolCalls.map(({ name, arguments: args }) => `  → ${name} ${args}`)];
}

function figures(latencyMs: number | null, cost: number | null): string {
  return `${latencyMs === null ? '' : ` · ${formatDuration(latencyMs)}`}${cost === null ? '' : ` · ${formatUsd(cost)}`}`;
}
