/**
 * Enforces the layers (.dependency-cruiser.cjs). A checker that sees nothing says that all is well, so it first proves
 * itself: on test/fixtures/layers it must report one planted violation per rule, and on the product it must have looked
 * at every module.
 */
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { globSync } from 'tinyglobby';
import { root } from '../tools/paths.ts';
import { finish } from './report.ts';

const FIXTURE = 'test/fixtures/layers';
const options: ICruiseOptions = { ...(await extractOptions(`${root}/.dependency-cruiser.cjs`)), validate: true };
const rules = (options.ruleSet?.forbidden ?? []).map((rule) => rule.name ?? 'unnamed');

const problems: string[] = [];
const planted = await violations([`${FIXTURE}/src`, `${FIXTURE}/webview`]);
const silent = rules.filter((rule) => !planted.some((violation) => violation.rule === rule));
if (rules.length === 0) problems.push('.dependency-cruiser.cjs has no rule');
problems.push(...silent.map((rule) => `rule ${rule} did not find the violation planted in ${FIXTURE}`));

const files = globSync(['src/**/*.{ts,tsx}', 'webview/**/*.{ts,tsx}'], { cwd: root, ignore: ['**/*.d.ts'] });
const seen = new Set<string>();
const found = await violations(['src', 'webview'], seen);
problems.push(...found.map(({ rule, from, to }) => `${rule}: ${from} → ${to}`));
const unseen = files.filter((file) => !seen.has(file));
if (seen.size === 0 || files.length === 0) problems.push('looked at zero modules');
problems.push(...unseen.map((file) => `did not look at ${file}`));

finish('layers', problems, `${seen.size} modules, ${rules.length} rules, each finds its planted violation`);

async function violations(folders: string[], modules = new Set<string>()): Promise<Array<{ rule: string; from: string; to: string }>> {
  const result = await cruise(folders, { ...options, baseDir: root }, undefined, { tsConfig: extractTsConfig(`${root}/tsconfig.json`) });
  const output: ICruiseResult | string = result.output;
  if (typeof output === 'string') throw new TypeError('dependency-cruiser returned a report instead of a result');
  for (const module of output.modules) modules.add(module.source);
  return output.summary.violations.map((violation) => ({ rule: violation.rule.name, from: violation.from, to: violation.to }));
}
