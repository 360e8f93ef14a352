import * as v from 'valibot';
import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import { COMMANDS, INTERNAL_COMMANDS } from '../../constants.ts';
import { askFolders } from '../../engine/ask-folders.ts';
import { resumeRun, startEval } from '../../runs/start-run.ts';
import { isResumable } from '../../runs/wording.ts';
import { registerCommand, type Services } from '../../services.ts';
import { asPromptTarget, engineOf, pickPrompt, pickRun, type PickedRun, type RunTarget } from '../../targets.ts';

const caseSchema = v.object({ file: v.string(), caseId: v.string() });

/** Starting, cancelling and repeating runs. */
export function register(services: Services): vscode.Disposable {
  const { engines, runs } = services;
  return vscode.Disposable.from(
    registerCommand(services, COMMANDS.evalPrompt, async (argument) => {
      const target = asPromptTarget(argument);
      if (target && target.promptId === undefined) return startEval(services, engineOf(services, target.path), { targets: [target.path] });
      const picked = await pickPrompt(services, argument, vscode.l10n.t('Eval Prompt'));
      if (!picked) return undefined;
      const { engine, prompt } = picked;
      const active = runs.activeFor(prompt.path, prompt.id);
      if (active) {
        await vscode.commands.executeCommand(COMMANDS.openRun, runTarget(engine.folder, active.snapshot.info.id));
        return [active.snapshot.info.id];
      }
      return startEval(services, engine, { targets: [prompt.path], prompts: [prompt.id] });
    }),

    registerCommand(services, COMMANDS.evalAll, async () => {
      const started: string[] = [];
      for (const { engine, answer } of await askFolders(services, engines.all(), (asked) => asked.request('prompts/list', {}))) {
        const runnable = answer.prompts.filter((prompt) => prompt.problem === null && prompt.dataset !== null);
        if (runnable.length === 0) continue;
        started.push(...(await startEval(services, engine, { targets: [...new Set(runnable.map((prompt) => prompt.path))], prompts: runnable.map((prompt) => prompt.id) })));
      }
      if (started.length === 0) throw new TouchstoneError('not-found', vscode.l10n.t('No prompt of this workspace has golden cases yet. Add a dataset with "Touchstone: New Dataset".'));
      await vscode.commands.executeCommand('workbench.view.extension.touchstone');
      return started;
    }),

    registerCommand(services, COMMANDS.cancelRun, async (argument) => {
      const active = runs.active();
      const only = argument === undefined && active.length === 1 ? active[0] : undefined;
      const picked = only ?? (await pickRun(services, argument, { title: vscode.l10n.t('Cancel Run'), accepts: (run) => run.info.status === 'running' }));
      if (picked) await picked.engine.request('eval/cancel', { runId: picked.snapshot.info.id });
    }),

    registerCommand(services, COMMANDS.resumeRun, async (argument) => {
      const picked = await pickRun(services, argument, { title: vscode.l10n.t('Resume Run'), accepts: (run) => isResumable(run.info.status) });
      if (picked) await resumeRun(services, picked.engine, picked.snapshot.info.id);
    }),

    registerCommand(services, COMMANDS.runAgain, async (argument) => {
      const picked = await pickRun(services, argument, { title: vscode.l10n.t('Run Again'), accepts: (run) => run.info.status !== 'running' });
      if (!picked) return undefined;
      const { info } = picked.snapshot;
      const runIds = await startEval(services, picked.engine, {
        targets: [info.promptPath],
        prompts: [info.promptId],
        ...(await otherModels(services, picked)),
        repeats: info.repeats,
        ...(info.filter?.text === undefined ? {} : { filter: info.filter.text }),
        ...(info.filter?.tags === undefined ? {} : { tags: info.filter.tags }),
        ...(info.filter?.caseIds === undefined ? {} : { caseIds: info.filter.caseIds }),
      });
      if (runIds[0] !== undefined) await vscode.commands.executeCommand(COMMANDS.openRun, runTarget(picked.engine.folder, runIds[0]));
      return runIds;
    }),

    registerCommand(services, INTERNAL_COMMANDS.runCase, async (argument) => {
      const { file, caseId } = v.parse(caseSchema, argument);
      const engine = engineOf(services, file);
      const { prompts } = await engine.request('prompts/list', {});
      const users = prompts.filter((prompt) => prompt.dataset?.files.includes(file));
      if (users.length === 0) throw new TouchstoneError('not-found', vscode.l10n.t('No prompt of this workspace uses {0}. Link it with "golden:".', vscode.workspace.asRelativePath(file)));
      return startEval(services, engine, { targets: [...new Set(users.map((prompt) => prompt.path))], prompts: users.map((prompt) => prompt.id), caseIds: [caseId], noCache: true });
    }),

    registerCommand(services, COMMANDS.openLastRun, async (argument) => {
      const target = asPromptTarget(argument);
      const asked = target ? [engineOf(services, target.path)] : engines.all();
      const lists = await askFolders(services, asked, (engine) => engine.request('runs/list', { limit: 1, ...(target?.promptId === undefined ? {} : { promptId: target.promptId }) }));
      const last = lists.flatMap(({ engine, answer }) => answer.runs.map((snapshot) => ({ engine, snapshot }))).sort((a, b) => b.snapshot.info.startedAt.localeCompare(a.snapshot.info.startedAt))[0];
      if (!last) throw new TouchstoneError('not-found', vscode.l10n.t('There is no run yet.'));
      await vscode.commands.executeCommand(COMMANDS.openRun, runTarget(last.engine.folder, last.snapshot.info.id));
    }),
  );
}

/** Models are named only when they were not the prompt's own: those bring their settings from the file. */
async function otherModels(services: Services, { engine, snapshot: { info } }: PickedRun): Promise<{ models?: readonly string[] }> {
  const prompt = (await services.prompts.request(engine, info.promptPath)).find((candidate) => candidate.id === info.promptId);
  const own = prompt !== undefined && info.models.length === prompt.models.length && info.models.every((model) => prompt.models.includes(model.id) || prompt.models.includes(model.label));
  return own ? {} : { models: info.models.map((model) => model.id) };
}

function runTarget(folder: vscode.WorkspaceFolder, runId: string): RunTarget {
  return { folder: folder.uri.toString(), runId };
}

