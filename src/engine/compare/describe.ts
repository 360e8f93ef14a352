import type { RunInfo } from '../../core/eval/model.ts';
import { shapeOf, type RunStore, type StoredRun } from '../../node/sqlite/run-store.ts';
import type { SideCells } from '../../node/sqlite/side-cells.ts';
import type { ComparedSide, RunSide } from '../../protocol/compare.ts';
import type { CurrentPrompt } from './current.ts';

export interface DescribedSide {
  readonly run: StoredRun;
  readonly ref: RunSide;
  readonly cells: Pick<SideCells, 'done' | 'cached' | 'cost'>;
  readonly current: CurrentPrompt | null;
  /** The environment by which its version was asked for, while it points there; later it would name another version. */
  readonly environment: string | null;
}

/** Whether the side would be another one if it were run again: its prompt, its checks or its dataset were edited since. */
export function isStale({ run, current }: Pick<DescribedSide, 'run' | 'current'>): boolean {
  if (current === null) return false;
  if (current.datasetHash !== null && run.info.datasetHash !== current.datasetHash) return true;
  return run.info.assertionsHash !== current.assertionsHash || (run.info.version === undefined && run.info.promptHash !== current.promptHash);
}

/** Both sides as people tell them apart: a part that is the same on both is left out of the labels. */
export function describeSides(a: DescribedSide, b: DescribedSide, store: RunStore): { readonly a: ComparedSide; readonly b: ComparedSide } {
  const [copyA, copyB] = [isWorkingCopy(a, store), isWorkingCopy(b, store)];
  const [labelA, labelB] = labelsOf([{ ...a, workingCopy: copyA }, { ...b, workingCopy: copyB }]);
  return { a: describe(a, copyA, labelA), b: describe(b, copyB, labelB) };
}

type Labelled = Pick<DescribedSide, 'run' | 'ref' | 'environment'> & { readonly workingCopy: boolean };

/** What was run from the file: until it is edited, and after that as long as nothing newer was. */
function isWorkingCopy({ run, current }: DescribedSide, store: RunStore): boolean {
  if (run.info.version !== undefined) return false;
  if (current !== null && current.promptHash === run.info.promptHash) return true;
  return store.list({ limit: 20, promptPath: run.info.promptPath, promptId: run.info.promptId }).find(({ n, info }) => n === run.n || info.version === undefined)?.n === run.n;
}

function describe(side: DescribedSide, workingCopy: boolean, label: string): ComparedSide {
  const { info } = side.run;
  const { cases, models, repeats } = shapeOf(info);
  return {
    ref: side.ref,
    label,
    promptId: info.promptId,
    promptName: info.promptName,
    promptPath: info.promptPath,
    version: info.version === undefined ? null : { ...info.version, environment: side.environment },
    workingCopy,
    model: modelOf(side),
    status: info.status,
    startedAt: info.startedAt,
    done: side.cells.done,
    // Where cases name their models, how many a model has is known for a run of one model.
    total: models === 1 && info.planned !== undefined ? info.planned : cases * repeats,
    cost: side.cells.cost,
    cached: side.cells.cached,
  };
}

function modelOf({ run, ref }: Pick<DescribedSide, 'run' | 'ref'>): string {
  return run.info.models[ref.modelIndex]?.label ?? '';
}

function labelsOf([a, b]: readonly [Labelled, Labelled]): [string, string] {
  const otherPrompts = a.run.info.promptId !== b.run.info.promptId || a.run.info.promptPath !== b.run.info.promptPath;
  const otherModels = modelOf(a) !== modelOf(b);
  const same = contentOf(a) === contentOf(b);
  const label = (side: Labelled): string => {
    // One run that is both, asked for by two names of one version, has no other to be told from.
    const content = same && !otherPrompts && !otherModels && a.run.n !== b.run.n ? `run ${side.run.info.id}` : contentOf(side);
    const parts = [otherPrompts ? nameOf(side.run.info, a, b) : '', same && (otherPrompts || otherModels) ? '' : content].filter((part) => part !== '');
    const model = modelOf(side);
    return otherModels ? (parts.length === 0 ? model : `${parts.join(' ')} (${model})`) : parts.join(' ');
  };
  return [label(a), label(b)];
}

/** Two prompts of one name are told apart by their ids. */
function nameOf(info: RunInfo, a: Labelled, b: Labelled): string {
  return a.run.info.promptName === b.run.info.promptName ? info.promptId : info.promptName;
}

function contentOf({ run, ref, workingCopy, environment }: Labelled): string {
  const { version } = run.info;
  if (version === undefined) return workingCopy && ref.named !== true ? 'working copy' : `run ${run.info.id}`;
  if (environment === null) return version.label;
  return `${environment} ${version.number === null ? version.hash.slice(0, 8) : `v${version.number}`}`;
}
