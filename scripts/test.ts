/**
 * `npm test [-- STEP…] [--verbose]`: every check and every test in bounded sizes; `--long` for the full sizes instead.
 * Steps that keep one processor busy run two at a time. Goes on after a failing step, and ends with one line that is true of all of them together.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sentence, type Counts } from './tools/counts.ts';
import { root } from './tools/paths.ts';
import { LONG_STEPS, STEPS, type Step } from './tools/steps.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { verbose: { type: 'boolean', default: false }, long: { type: 'boolean', default: false } },
});

const all = values.long ? LONG_STEPS : STEPS;
const unknown = positionals.filter((name) => !all.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`test: there is no step ${unknown.join(', ')}; choose among ${all.map((step) => step.name).join(', ')}`);
  process.exit(2);
}
const steps = positionals.length === 0 ? all : all.filter((step) => positionals.includes(step.name));
mkdirSync(join(root, 'out/results'), { recursive: true });

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const broken: string[] = [];
const began = Date.now();
// What is shown as it comes cannot be read when two speak at once.
const processors = values.verbose ? 1 : 2;
const running = new Set<Promise<void>>();
let busy = 0;
for (const step of steps) {
  const needed = Math.min(step.processors, processors);
  while (busy + needed > processors) await Promise.race(running);
  busy += needed;
  const ended = runStep(step).finally(() => {
    busy -= needed;
    running.delete(ended);
  });
  running.add(ended);
  // All that follows may load what it builds.
  if (step.name === 'build') await ended;
}
await Promise.all(running);
console.log(`${broken.length > 0 ? `failed: ${broken.join(', ')}; ` : ''}${steps.length} steps in ${((Date.now() - began) / 1000).toFixed(0)} s${total.skipped > 0 ? `, ${total.skipped} tests skipped with a reason in their names` : ''}`);
// The last line has one form, for whoever reads it by a program.
console.log(sentence({ ...total, skipped: 0 }));
process.exitCode = total.failed > 0 ? 1 : 0;

/** Runs a step and says in one line how it ended; the output of a failed one stands above. */
async function runStep(step: Step): Promise<void> {
  const stepBegan = Date.now();
  if (values.verbose) console.log(`▸ ${step.name}: ${step.what}`);
  const { output, ...counts } = await step.run(values.verbose).catch((error: unknown) => ({ passed: 0, failed: 1, skipped: 0, output: error instanceof Error ? (error.stack ?? error.message) : String(error) }));
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  if (counts.failed > 0) {
    broken.push(step.name);
    if (!values.verbose) console.log(output.trimEnd().replace(/^/gm, '    '));
  }
  console.log(`${counts.failed > 0 ? '✗' : '✓'} ${step.name.padEnd(12)} ${sentence(counts).padEnd(34)} ${((Date.now() - stepBegan) / 1000).toFixed(1).padStart(7)} s   ${step.what}`);
}
