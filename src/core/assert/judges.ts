import type { ModelRef } from '../model/model.ts';
import type { AssertionSpec } from './model.ts';
import { parseType } from './types.ts';

/**
 * The models that these checks will ask for a judgement, each once. Checks by embeddings ask no judge; a check without any judge
 * says so when it is made.
 */
export function judgesOf(specs: readonly AssertionSpec[], caseJudge: ModelRef | undefined, defaultJudge: ModelRef | undefined): ModelRef[] {
  const found = new Map<string, ModelRef>();
  const visit = (spec: AssertionSpec): void => {
    spec.assert?.forEach(visit);
    const type = parseType(spec.type);
    if (type === null || !(type.info.place === 'judge' || type.name === 'select-best') || type.name.startsWith('similar')) return;
    const ref = spec.model ?? caseJudge ?? defaultJudge;
    if (ref !== undefined) found.set(JSON.stringify([ref.id, ref.config]), ref);
  };
  specs.forEach(visit);
  return [...found.values()];
}
