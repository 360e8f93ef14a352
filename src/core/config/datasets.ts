import picomatch from 'picomatch';
import type { ProjectConfig } from './model.ts';

/** The golden dataset that touchstone.yml names for a prompt: the entry of its id, else of the first pattern that matches it. */
export function datasetsFor(promptId: string, config: Pick<ProjectConfig, 'datasets'>): readonly string[] {
  if (Object.hasOwn(config.datasets, promptId)) return config.datasets[promptId] ?? [];
  // A config with several prompts has ids such as `evals/triage#v2`; `evals/triage` means all of them.
  const file = promptId.split('#')[0] ?? promptId;
  const pattern = Object.keys(config.datasets).find((key) => key === file || picomatch.isMatch(promptId, key) || picomatch.isMatch(file, key));
  return pattern === undefined ? [] : (config.datasets[pattern] ?? []);
}
