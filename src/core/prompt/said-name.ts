/** What a prompt may be called by whoever means it. */
export interface NamedPrompt {
  readonly id: string;
  readonly name: string;
  readonly label?: string;
}

/**
 * The prompts that a person may mean, by what says it most exactly: the whole id, its end, the name, the label within a config (a file's
 * ending may be left out). More than one where several are called so.
 */
export function promptsCalled<P extends NamedPrompt>(said: string, prompts: readonly P[]): P[] {
  const ways: readonly ((prompt: P) => boolean)[] = [
    ({ id }) => id === said,
    ({ id }) => id.endsWith(`/${said}`),
    ({ name }) => name === said,
    ({ label }) => isLabel(label, said),
  ];
  for (const means of ways) {
    const found = prompts.filter(means);
    if (found.length > 0) return found;
  }
  return [];
}

/** Those of one config that `FILE#label` means. */
export function promptsLabelled<P extends NamedPrompt>(label: string, prompts: readonly P[]): P[] {
  const found = prompts.filter(({ id }) => id.endsWith(`#${label}`));
  return found.length > 0 ? found : prompts.filter((prompt) => isLabel(prompt.label, label));
}

function isLabel(label: string | undefined, said: string): boolean {
  return label !== undefined && (label === said || label.replace(/\.[a-z0-9]+$/i, '') === said);
}
