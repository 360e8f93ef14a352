import * as vscode from 'vscode';
import { TouchstoneError } from '../../../core/errors.ts';
import type { EnvironmentState } from '../../../protocol/registry.ts';
import { asVersionTarget, listVersions, pickEnvironment, placeOf } from '../../registry/pick.ts';
import type { Services } from '../../services.ts';
import type { PickedPrompt } from '../../targets.ts';
import { pointedTo, sayMoved } from './moved.ts';

/** One action: the pointer goes back to the version that it had before. It is recorded, and undone from the message. */
export async function rollBack(services: Services, picked: PickedPrompt, argument: unknown): Promise<EnvironmentState | undefined> {
  const listed = await listVersions(picked);
  const { environment } = asVersionTarget(argument);
  const possible = (state: EnvironmentState): boolean => state.rollbackTo !== null;
  const state = environment === undefined
    ? await pickEnvironment(listed, { title: vscode.l10n.t('Roll Back'), placeHolder: vscode.l10n.t('Pick the environment that goes back'), accepts: possible })
    : listed.environments.find((one) => one.environment === environment && possible(one));
  if (!state) {
    if (environment === undefined && listed.environments.some(possible)) return undefined;
    throw new TouchstoneError('not-found', vscode.l10n.t('There is no version to which {0} could go back.', environment ?? picked.prompt.name));
  }
  const { event, state: after } = await picked.engine.request('environments/rollback', { ...placeOf(picked), environment: state.environment });
  sayMoved(services, picked, vscode.l10n.t('{0} of {1} is back from {2} to {3}.', state.environment, picked.prompt.name, pointedTo(state, listed.versions), pointedTo(after, listed.versions)), event, listed.versions);
  return after;
}
