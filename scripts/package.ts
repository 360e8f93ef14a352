/**
 * `npm run package [-- --target T]… [--weights | --no-weights]`: VSIX packages in out/vsix, with and without the local
 * model's weights unless one is chosen; prints their sizes and fails over the budgets.
 */
import { statSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { ownTarget } from './build/entries.mjs';
import { packagedExtension, VSIX_BUDGET } from './tools/package.ts';
import { root } from './tools/paths.ts';

const { values } = parseArgs({
  options: { target: { type: 'string', multiple: true, default: [ownTarget()] }, weights: { type: 'boolean' } },
  allowNegative: true,
});

for (const target of values.target) {
  for (const weights of values.weights === undefined ? [false, true] : [values.weights]) {
    const file = await packagedExtension({ target, weights });
    const budget = weights ? VSIX_BUDGET.weights : VSIX_BUDGET.slim;
    console.log(`${relative(root, file)}  ${(statSync(file).size / 1024 / 1024).toFixed(2)} MiB (budget ${budget / 1024 / 1024} MiB)`);
  }
}
