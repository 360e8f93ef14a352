import { formatCount, formatRate } from '../../core/text/format.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { EnvironmentState, PromptVersions, VersionScore, VersionSummary } from '../../protocol/registry.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { findPrompt } from '../find-prompt.ts';
import { problemLines } from '../registry-problems.ts';
import { table, type Column } from '../table.ts';
import { fit, paint, printable, type Look } from '../terminal.ts';
import { withEngine } from '../with-engine.ts';

export interface VersionsOptions extends CommonOptions {
  readonly git?: boolean;
  readonly json?: boolean;
}

const VERSIONS: readonly Column[] = [{ title: 'Version' }, { title: 'Saved (UTC)', dropAt: 2 }, { title: 'Author', dropAt: 3 }, { title: 'Pass rate' }, { title: 'Passed', right: true, dropAt: 5 }, { title: 'Environments' }, { title: 'Tags', dropAt: 4 }, { title: 'Message', dropAt: 1, least: 24 }];
const PROMPTS: readonly Column[] = [{ title: 'Prompt' }, { title: 'Versions', right: true }, { title: 'Newest' }, { title: 'Working copy', dropAt: 1 }, { title: 'Environments' }];
const AUTHOR_COLUMNS = 24;
const MESSAGE_COLUMNS = 60;

/** Without a prompt: all prompts, how many versions each has, and where its environments point. */
export function versionsCommand(wanted: string | undefined, options: VersionsOptions, context: CliContext): Promise<ExitCode> {
  return withEngine(options, context, async (engine) => {
    const { stdout, stderr } = context;
    const prompts = wanted === undefined ? await allPrompts(engine, options) : [await engine.request('versions/list', { ...(await findPrompt(engine, wanted, context.cwd)), git: options.git === true })];
    const problems = wanted === undefined ? (await engine.request('registry/check', {})).problems : prompts.flatMap((prompt) => prompt.problems);
    if (options.json === true) await stdout.write(`${JSON.stringify(wanted === undefined ? { prompts, problems } : prompts[0], null, 1)}\n`);
    else if (wanted === undefined) await stdout.write(prompts.length === 0 ? '' : table(PROMPTS, prompts.map((prompt) => promptRow(prompt, stdout)), stdout));
    else for (const prompt of prompts) await stdout.write(promptText(prompt, stdout));
    if (wanted === undefined && prompts.length === 0) await stderr.write('This workspace has no prompts yet.\n');
    await stderr.write(problemLines(problems, context.cwd));
    return problems.length === 0 ? EXIT.good : EXIT.notEvaluated;
  });
}

async function allPrompts(engine: EngineClient, { git }: VersionsOptions): Promise<PromptVersions[]> {
  const { prompts } = await engine.request('prompts/list', {});
  const listed: PromptVersions[] = [];
  // A file that cannot be read has no id to look for; `touchstone eval` says what is wrong with it.
  for (const { path, id, hash } of prompts) if (hash !== '') listed.push(await engine.request('versions/list', { path, prompt: id, git: git === true }));
  return listed;
}

function promptRow({ promptId, versions, workingCopy, environments }: PromptVersions, look: Look): string[] {
  const saved = versions.filter(({ source }) => source === 'registry');
  return [printable(promptId), String(saved.length), saved[0]?.label ?? '', workingCopy.label ?? (saved.length === 0 ? '' : 'edited'), environments.filter(isSet).map((state) => environmentText(state, look)).join(', ')];
}

function promptText({ promptId, versions, environments, workingCopy }: PromptVersions, look: Look): string {
  const pointing = environments.filter(isSet).map((state) => environmentText(state, look));
  const head = `${paint(look, 'bold', printable(promptId))}${pointing.length === 0 ? '' : `  ${pointing.join('  ')}`}\n`;
  const copy = workingCopy.label === null ? 'The working copy is no version yet. `touchstone save` makes one.' : `The working copy is ${workingCopy.label}.`;
  if (versions.length === 0) return `${head}${copy}\n`;
  return `${head}${table(VERSIONS, versions.map(versionRow), look)}${copy}\n`;
}

function versionRow({ label, time, author, scores, environments, tags, message, source, revision }: VersionSummary): string[] {
  const [score] = scores;
  return [
    label,
    time.slice(0, 16).replace('T', ' '),
    fit(printable(author.replace(/ <.*>$/, '')), AUTHOR_COLUMNS),
    score === undefined ? '' : scoreText(score),
    score === undefined ? '' : `${formatCount(score.summary.passed)} of ${formatCount(score.summary.passed + score.summary.failed)}`,
    environments.map(printable).join(', '),
    [...(source === 'git' ? [`git ${revision?.slice(0, 8) ?? ''}`] : []), ...tags.map(printable)].join(', '),
    fit(printable(message.split('\n')[0] ?? ''), MESSAGE_COLUMNS),
  ];
}

/** What cannot be set beside the other versions' scores says what it is of. */
function scoreText({ summary, own, model, datasetName }: VersionScore): string {
  return `${formatRate(summary.passRate, summary.interval)}${own ? '' : ` (${[model, datasetName].filter((part) => part !== null).map(printable).join(', ')})`}`;
}

function isSet({ version, diverged, changedAt }: EnvironmentState): boolean {
  return version !== null || diverged.length > 0 || changedAt !== null;
}

/** `production v7 · 3f9a1c2e`; where branches moved it apart, both ways. */
export function environmentText({ environment, label, diverged }: EnvironmentState, look: Look): string {
  if (diverged.length > 0) return paint(look, 'yellow', `${environment} ${diverged.map((way) => way.label ?? 'nothing').join(' or ')}`);
  return `${environment} ${label ?? 'nothing'}`;
}
