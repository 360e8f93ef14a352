/** `npm test`: see test.ts for the steps and how to choose some. */
import { runOnOwnNode } from './bootstrap.mjs';

await runOnOwnNode('scripts/test.ts');
