/** `npm start`: see start.ts for its options. */
import { runOnOwnNode } from './bootstrap.mjs';

await runOnOwnNode('scripts/start.ts');
