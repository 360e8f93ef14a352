import type { MemoryAccess } from '../../model.ts';
import type { Dialect } from '../dialect.ts';

/** Reads and writes of an agent's memory: OTel's `*_memory` operations. */
export const memory: Dialect = {
  name: 'memory',
  detect: (view) => view.hasPrefix('gen_ai.memory.') || /_memory(_store)?$/.test(view.text('gen_ai.operation.name') ?? ''),
  read(draft) {
    const { view } = draft;
    const operation = accessOf(view.text('gen_ai.operation.name') ?? view.text('gen_ai.memory.operation') ?? view.span.name);
    const key = ['gen_ai.memory.records', 'gen_ai.memory.results', 'gen_ai.memory.items', 'gen_ai.memory.content'].find((name) => view.has(name));
    const records = key === undefined ? undefined : view.json(key);
    draft.set('memory', {
      operation,
      store: view.text('gen_ai.memory.store.id') ?? view.text('gen_ai.memory.store.name'),
      query: view.text('gen_ai.memory.query.text') ?? view.text('gen_ai.memory.query'),
      items: records === undefined ? [] : Array.isArray(records) ? records : [records],
    }, ...view.keys('gen_ai.memory.'));
  },
};

function accessOf(operation: string): MemoryAccess['operation'] {
  if (/delete|remove|forget/.test(operation)) return 'delete';
  return /create|add|insert|update|upsert|write|save|store$/.test(operation) ? 'write' : 'read';
}
