/**
 * `npm run bench [-- NAME… [--quick] [--keep FOLDER]]`: runs benchmarks (default: all), prints their figures and whether what is claimed
 * holds. `--keep`: what takes minutes to fill (clickhouse) stays there for the next run.
 * Exit code 1: a claim does not hold. Results go to out/results/bench-NAME.json.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../../scripts/tools/paths.ts';
import { must } from '../../scripts/tools/processes.ts';
import type { Benchmark, Claim } from './benchmark.ts';
import { clickhouseBenchmark } from './clickhouse.ts';
import { compareBenchmark } from './compare.ts';
import { editorBenchmark } from './editor.ts';
import { evalBenchmark } from './eval.ts';
import { ingestEditorBenchmark } from './ingest-editor.ts';
import { matchBenchmark } from './match.ts';
import { openLinkBenchmark } from './open-link.ts';
import { tracePanelBenchmark } from './trace-panel.ts';
import { ingestBenchmark } from './traces-ingest.ts';
import { tracesReadBenchmark } from './traces-read.ts';

const BENCHMARKS: readonly Benchmark[] = [evalBenchmark, editorBenchmark, tracePanelBenchmark, tracesReadBenchmark, ingestBenchmark, ingestEditorBenchmark, compareBenchmark, matchBenchmark, openLinkBenchmark, clickhouseBenchmark];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean', default: false }, keep: { type: 'string' } } });
const options = { quick: values.quick, keep: values.keep === undefined ? null : resolve(values.keep) };
const unknown = positionals.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There are: ${BENCHMARKS.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const chosen = BENCHMARKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

process.stdout.write(await must(process.execPath, [join(root, 'scripts/build.mjs')]));
const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
console.log(`${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC · ${machine}`);

let broken = 0;
for (const { name, what, run } of chosen) {
  const loadBefore = loadavg()[0] ?? 0;
  console.log(`\n${name}: ${what}`);
  if (loadBefore > cpus().length / 2) console.log(`The machine is busy (load ${loadBefore.toFixed(1)} of ${cpus().length}): ratios are of neighbouring runs, but do not quote absolute figures.`);
  const claims = await run(options);
  printClaims(claims);
  broken += claims.filter(({ holds }) => !holds).length;
  mkdirSync(join(root, 'out/results'), { recursive: true });
  writeFileSync(join(root, `out/results/bench-${name}.json`), `${JSON.stringify({ at: new Date().toISOString(), machine, loadBefore, quick: options.quick, claims }, null, 2)}\n`);
}
console.log(broken === 0 ? '\nEvery claim holds.' : `\n${broken} ${broken === 1 ? 'claim does' : 'claims do'} not hold.`);
process.exitCode = broken === 0 ? 0 : 1;

function printClaims(claims: readonly Claim[]): void {
  const width = Math.max(...claims.map(({ claim }) => claim.length));
  console.log('');
  for (const { claim, measured, holds } of claims) console.log(`  ${holds ? 'holds ' : 'BROKEN'}  ${claim.padEnd(width)}  ${measured}`);
}
