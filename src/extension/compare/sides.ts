import type { SideSpec } from '../../protocol/compare.ts';
import type { PickedPrompt } from '../targets.ts';
import { pathBelow } from '../registry/pick.ts';

/** The file as it is in the editor, saved or not. */
export const WORKING_COPY = 'working';

/** One side of a comparison as the command line would write it: a prompt at one of its versions, environments or revisions. */
export function sideOf({ engine, prompt }: { readonly engine: PickedPrompt['engine']; readonly prompt: Pick<PickedPrompt['prompt'], 'path' | 'id'> }, ref: string, model?: string): SideSpec {
  const version = ref === WORKING_COPY ? '' : `@${ref}`;
  // The file names the prompt whatever it is called; a config with several adds which one.
  const several = prompt.id.indexOf('#');
  const file = `${pathBelow(engine.folder, prompt.path)}${several < 0 ? '' : prompt.id.slice(several)}`;
  return `${file}${version}${model === undefined ? '' : `+${model}`}`;
}

export function runSide(runId: string, model?: string): SideSpec {
  return `run:${runId}${model === undefined ? '' : `+${model}`}`;
}

export function isRunSide(spec: SideSpec): boolean {
  return spec.startsWith('run:');
}
