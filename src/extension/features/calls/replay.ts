import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import { formatDuration, formatUsd } from '../../../core/text/format.ts';
import type { PromptOrigin, Replay, ReplayRequest } from '../../../protocol/spans.ts';
import { COMMANDS } from '../../constants.ts';
import { showInformation, showWarning } from '../../messages.ts';
import { overlays } from '../../paths.ts';
import { withProgress } from '../../progress.ts';
import { showQuickPick } from '../../questions.ts';
import { listVersions, pickVersion } from '../../registry/pick.ts';
import type { Services } from '../../services.ts';
import { pickPrompt } from '../../targets.ts';
import type { TraceTarget } from '../../traces/targets.ts';
import { askValues } from './ask-values.ts';
import { pickCall, type PickedCall } from './pick-call.ts';

const TIMES = [1, 3, 5, 10];
const AGENT_STEPS = 20;

let streams = 0;

type How = Pick<ReplayRequest, 'with' | 'model' | 'agent'>;

/** *Replay…*: the same call again, as another version or model would answer it; then and now side by side. */
export async function replayCall(services: Services, argument: unknown): Promise<void> {
  const title = vscode.l10n.t('Replay');
  const call = await pickCall(services, argument, title);
  if (!call) return;
  const picked = await pickHow(services, call, title);
  const how = picked && (await withValues(picked, call, title));
  if (!how) return;
  const times = how.agent ? 1 : await pickTimes(title);
  if (times === undefined) return;
  await replayAs(services, call, how, times, title);
}

async function replayAs(services: Services, call: PickedCall, how: How, times: number, title: string): Promise<void> {
  const replay = await ask(services, call, how, times).catch(async (error: unknown) => {
    if (!(error instanceof TouchstoneError) || error.code !== 'unknown-model' || how.model !== undefined) throw error;
    const other = vscode.l10n.t('Pick Another Model…');
    if ((await showWarning(error.message, {}, other)) !== other) return undefined;
    const model = await pickModel(call, title);
    if (model !== undefined) await replayAs(services, call, { ...how, model }, times, title);
    return undefined;
  });
  if (replay) await show(services, call, replay);
}

async function ask(services: Services, call: PickedCall, how: How, times: number): Promise<Replay> {
  const stream = `replay-${++streams}`;
  return withProgress(vscode.l10n.t('Replaying'), async (signal, progress) => {
    const listener = services.engines.onReplayProgress(({ params }) => {
      if (params.stream === stream && times > 1) progress.report({ message: vscode.l10n.t('{0} of {1}', params.done, params.of) });
    });
    try {
      return await call.engine.request('replay/run', { span: call.ref, times, stream, overlays: overlays(call.engine.folder), ...how }, signal);
    } finally {
      listener.dispose();
    }
  });
}

async function pickHow(services: Services, call: PickedCall, title: string): Promise<How | undefined> {
  const { engine, ref } = call;
  const { origins } = await engine.request('spans/prompt', { ...ref, overlays: overlays(engine.folder) });
  const origin = origins.find(({ path }) => path !== null);
  const working = origin && { label: `$(edit) ${vscode.l10n.t('With the working copy of {0}', origin.name)}`, description: originText(origin), how: 'working' as const };
  const version = origin && { label: `$(history) ${vscode.l10n.t('With a version of {0}…', origin.name)}`, how: 'version' as const };
  const items = [
    ...(working && version ? [working, version] : []),
    { label: `$(file) ${vscode.l10n.t('With another prompt…')}`, how: 'prompt' as const },
    { label: `$(debug-restart) ${vscode.l10n.t('As it was recorded')}`, how: 'recorded' as const },
    { label: `$(symbol-misc) ${vscode.l10n.t('As it was recorded, with another model…')}`, how: 'model' as const },
    { label: `$(run-all) ${vscode.l10n.t('As an agent, from this step on')}`, description: vscode.l10n.t('tools answer what they answered then'), how: 'agent' as const },
  ];
  const picked = await showQuickPick(items, { title, placeHolder: vscode.l10n.t('What answers this time') });
  switch (picked?.how) {
    case undefined:
      return undefined;
    case 'working':
      return origin?.path == null ? undefined : { with: { kind: 'prompt', path: origin.path, prompt: origin.promptId, ref: 'working' } };
    case 'version':
      return origin?.path == null ? undefined : pickedVersion(services, { path: origin.path, promptId: origin.promptId }, title);
    case 'prompt':
      return pickedVersion(services, undefined, title);
    case 'recorded':
      return { with: { kind: 'recorded' } };
    case 'agent':
      return { with: { kind: 'recorded' }, agent: { maxSteps: AGENT_STEPS } };
    case 'model': {
      const model = await pickModel(call, title);
      return model === undefined ? undefined : { with: { kind: 'recorded' }, model };
    }
  }
}

async function pickModel({ engine }: PickedCall, title: string): Promise<string | undefined> {
  const { models } = await engine.request('models/list', {});
  const picked = await showQuickPick(models.map(({ id, label, problem }) => ({ label: id, description: problem ?? (label === id ? '' : label) })), { title, placeHolder: vscode.l10n.t('Pick a model') });
  return picked?.label;
}

/** Whatever a prompt needs and the call does not tell is asked for. `undefined`: not given. */
async function withValues(how: How, { engine, ref }: PickedCall, title: string): Promise<How | undefined> {
  if (how.with.kind !== 'prompt') return how;
  const { missing } = await engine.request('replay/variables', { span: ref, with: how.with, overlays: overlays(engine.folder) });
  const vars = await askValues(missing, title);
  return vars && { ...how, with: { ...how.with, vars } };
}

async function pickedVersion(services: Services, argument: unknown, title: string): Promise<How | undefined> {
  const picked = await pickPrompt(services, argument, title);
  if (!picked) return undefined;
  const { versions } = await listVersions(picked);
  const version = versions.length === 0 ? undefined : await pickVersion(versions, { title, placeHolder: vscode.l10n.t('Pick a version') });
  if (versions.length > 0 && !version) return undefined;
  return { with: { kind: 'prompt', path: picked.prompt.path, prompt: picked.prompt.id, ref: version?.hash ?? 'working' } };
}

async function pickTimes(title: string): Promise<number | undefined> {
  const picked = await showQuickPick(TIMES.map((times) => ({ label: times === 1 ? vscode.l10n.t('Once') : vscode.l10n.t('{0} times', times), times })), { title, placeHolder: vscode.l10n.t('How often') });
  return picked?.times;
}

async function show({ texts }: Services, { engine }: PickedCall, replay: Replay): Promise<void> {
  const { recorded, outputs, model } = replay;
  const left = texts.add('recorded.txt', answerText(recorded.output, recorded.toolCalls));
  const right = texts.add('replayed.txt', outputs.map((output, i) => `${outputs.length > 1 ? `— ${i + 1} · ${figures(output)} —\n` : ''}${output.error === null ? answerText(output.output, output.toolCalls) : `${output.error.code}: ${output.error.message}`}${output.stopped === null ? '' : `\n\n${output.stopped}`}`).join('\n\n'));
  await texts.showDifference(left, right, vscode.l10n.t('Recorded {0} ↔ replayed {1}', recorded.model ?? '', model));
  const [first] = outputs;
  const open = vscode.l10n.t('Open Trace');
  const before = answerText(recorded.output, recorded.toolCalls);
  // A difference without one is easily taken for a view that has not loaded.
  const isSame = outputs.every(({ error, output, toolCalls }) => error === null && answerText(output, toolCalls) === before);
  const notes = [...(isSame ? [vscode.l10n.t('The answer is the same.')] : []), ...replay.notes].map((note) => ` ${note}`).join('');
  const answer = first === undefined ? undefined : await showInformation(`${vscode.l10n.t('Replayed with {0}: {1}.', model, figures(first))}${notes}`, open);
  if (answer === open && first) await vscode.commands.executeCommand(COMMANDS.openTrace, { folder: engine.folder.uri.toString(), traceId: first.traceId } satisfies TraceTarget);
}

function answerText(output: string, toolCalls: Replay['recorded']['toolCalls']): string {
  return [output, ...toolCalls.map(({ name, arguments: args }) => `→ ${name} ${args}`)].filter((line) => line !== '').join('\n');
}

function figures({ latencyMs, cost }: Pick<Replay['outputs'][number], 'latencyMs' | 'cost'>): string {
  return [latencyMs === null ? null : formatDuration(latencyMs), cost === null ? null : formatUsd(cost)].filter((part) => part !== null).join(' · ') || vscode.l10n.t('no answer');
}

function originText({ versions, exact, score }: PromptOrigin): string {
  const labels = versions.map(({ label }) => label).join(', ');
  return exact ? labels : vscode.l10n.t('{0}, a guess: {1} % of its text', labels, Math.round(score * 100));
}
