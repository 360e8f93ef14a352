import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Workload {
  readonly folder: string;
  readonly cases: number;
  /** Read by both programs as it stands. */
  readonly config: string;
  remove(): void;
}

/** Three checks of every output, as promptfoo writes them. */
export interface Checks {
  /** What tells them from the others, in words. */
  readonly name: string;
  readonly yaml: string;
}

const WITH_PREFIX = checksWith('starts-with', '{"ticket"');
/** A regular expression that provably cannot take long: Touchstone matches it where the other checks are. */
const WITH_REGEX = checksWith('regex', '"queue":"(billing|technical|account|other)"');
/** What a cheap check is: nobody should choose among these sets by how they come out. */
export const CHEAP_CHECKS: readonly Checks[] = [WITH_REGEX, WITH_PREFIX];
/** A repeated choice, which may take exponential time: Touchstone matches it in a thread of its own, under a time limit. */
export const WATCHED_CHECKS = checksWith('regex', '^[{]("[a-z]+":("[^"]*"|[0-9]+),?)+[}]$', 'a regular expression that is watched');

function checksWith(type: string, value: string, name = type): Checks {
  return { name, yaml: `    - type: is-json\n    - type: contains\n      value: '"ticket":{{number}},'\n    - type: ${type}\n      value: '${value}'\n` };
}

/** A config with one prompt, one model, `cases` cases and three cheap checks, in a folder of its own. */
export async function makeWorkload(cases: number, modelServer: string, checks: Checks = WITH_REGEX): Promise<Workload> {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-bench-'));
  mkdirSync(join(folder, '.touchstone'));
  const config = join(folder, 'promptfooconfig.yaml');
  writeFileSync(
    config,
    `description: Routes tickets
prompts:
  - |-
    Put ticket {{number}} into one queue: billing, technical, account or other. Answer as JSON with the keys ticket, queue and reason.

    {{body}}
providers:
  - id: openai:chat:bench-model
    config:
      apiBaseUrl: ${modelServer}/v1
      apiKeyEnvar: BENCH_API_KEY
      temperature: 0
defaultTest:
  assert:
${checks.yaml}tests: file://cases.jsonl
`,
  );
  const file = createWriteStream(join(folder, 'cases.jsonl'));
  for (let number = 1; number <= cases; number++) {
    const body = `Hello, invoice ${100_000 + number * 7} shows ${1 + (number % 9)} seats although we have ${2 + (number % 5)} in the office. Could you look into it before the end of the month? Thank you.`;
    if (!file.write(`${JSON.stringify({ vars: { number, body } })}\n`)) await once(file, 'drain');
  }
  await new Promise<void>((resolve, reject) => file.end(resolve).once('error', reject));
  return { folder, cases, config, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }) };
}
