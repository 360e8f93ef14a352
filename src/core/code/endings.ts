/** Endings of the files that code runs in: the languages that agents are written in. */
const CODE_ENDINGS = ['ts', 'tsx', 'mts', 'cts', 'js', 'jsx', 'mjs', 'cjs', 'py', 'go', 'rb', 'rs', 'kt', 'java', 'cs', 'php'] as const;

/** As a glob: every such file below a folder. */
export const CODE_FILES = `**/*.{${CODE_ENDINGS.join(',')}}`;

const ENDING = new RegExp(`\\.(?:${CODE_ENDINGS.join('|')})$`, 'i');

/** By its name only. */
export function isCodeName(name: string): boolean {
  return ENDING.test(name);
}
