import type { EngineClient } from '../../protocol/engine.ts';
import type { PromptPlace, RegistryMethods } from '../../protocol/registry.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, type ExitCode, usageError } from '../exit.ts';
import { findPrompt } from '../find-prompt.ts';
import { printable } from '../terminal.ts';
import { withEngine } from '../with-engine.ts';

export interface MoveOptions extends CommonOptions {
  readonly note?: string;
  readonly json?: boolean;
}

export function promoteCommand(wanted: string, ref: string, environment: string, options: MoveOptions, context: CliContext): Promise<ExitCode> {
  return moveCommand(wanted, options, context, async (engine, place, note) => {
    const { events } = await engine.request('environments/history', { ...place, environment });
    const moved = await engine.request('environments/promote', { ...place, ref, environment, ...note });
    // Where the environment points there already, nothing is recorded and the answer is the last movement.
    return { ...moved, already: events.some(({ id }) => id === moved.event.id) };
  });
}

export function rollbackCommand(wanted: string, environment: string, options: MoveOptions, context: CliContext): Promise<ExitCode> {
  return moveCommand(wanted, options, context, (engine, place, note) => engine.request('environments/rollback', { ...place, environment, ...note }));
}

/** Takes back the last movement of an environment's pointer: the one that no other follows. */
export function undoCommand(wanted: string, environment: string, options: Omit<MoveOptions, 'note'>, context: CliContext): Promise<ExitCode> {
  return moveCommand(wanted, options, context, async (engine, place) => {
    const { events } = await engine.request('environments/history', { ...place, environment });
    const followed = new Set(events.flatMap(({ after }) => after));
    const [last, ...others] = events.filter(({ id }) => !followed.has(id));
    if (last === undefined) throw usageError(`${environment} of ${wanted} has never been moved: there is nothing to take back.`);
    if (others.length > 0) throw usageError(`${environment} of ${wanted} was moved on two branches: promote the version that is meant.`);
    return engine.request('environments/undo', { ...place, event: last.id });
  });
}

type Moved = RegistryMethods['environments/promote'][1] & { /** It pointed there before: nothing was recorded. */ readonly already?: boolean };

function moveCommand(wanted: string, options: MoveOptions, context: CliContext, move: (engine: EngineClient, place: PromptPlace, note: { readonly note?: string }) => Promise<Moved>): Promise<ExitCode> {
  return withEngine(options, context, async (engine) => {
    const { already, ...moved } = await move(engine, await findPrompt(engine, wanted, context.cwd), options.note === undefined ? {} : { note: options.note });
    if (options.json === true) await context.stdout.write(`${JSON.stringify(moved, null, 1)}\n`);
    else {
      const { event, state } = moved;
      const back = state.rollbackTo === null ? '' : ` Before it was ${state.rollbackTo.label}; \`touchstone rollback\` goes back to it.`;
      await context.stdout.write(`${state.environment} of ${printable(event.promptId)} ${already === true ? 'already points' : 'points'} to ${state.label ?? 'nothing'}.${event.action === 'promote' && already !== true ? back : ''}\n`);
    }
    return EXIT.good;
  });
}
