import type { MemoryAccess } from '../../model.ts';
import type { Dialect } from '../dialect.ts';
import type { Draft } from '../draft.ts';
import { textOf } from '../span-view.ts';

/**
 * Reads and writes of an agent's memory: OTel's `*_memory` operations with their records, Mem0's instrumentation
 * (`gen_ai.memory.operation`, its request and answer as messages), and n8n's, which names several stores.
 */
export const memory: Dialect = {
  name: 'memory',
  detect: (view) => view.hasPrefix('gen_ai.memory.') || /_memory(_store)?$/.test(view.text('gen_ai.operation.name') ?? ''),
  read(draft) {
    const { view } = draft;
    // A call of a model may only name the memory that it belongs to
    if (draft.get('kind') !== 'memory') return;
    const operation = accessOf(view.text('gen_ai.memory.operation') ?? view.text('gen_ai.operation.name') ?? view.span.name);
    const query = queryOf(draft, operation);
    draft.set('memory', { operation, store: storeOf(draft), query, items: itemsOf(draft, operation) }, ...view.keys('gen_ai.memory.'));
    if (query !== null) draft.content('input', query, 'gen_ai.memory.query.text');
    for (const key of RECORDS) draft.contentOf(operation === 'read' ? 'output' : 'input', key);
  },
};

const RECORDS = ['gen_ai.memory.records', 'gen_ai.memory.results', 'gen_ai.memory.items', 'gen_ai.memory.content'] as const;
/** Mem0 keeps a memory for each of these. */
const OWNERS = ['gen_ai.memory.user_id', 'gen_ai.memory.agent_id', 'gen_ai.memory.run_id', 'gen_ai.memory.app_id'];

function accessOf(operation: string): MemoryAccess['operation'] {
  if (/delete|remove|forget|clear/.test(operation)) return 'delete';
  return /create|add|insert|update|upsert|write|save|store$/.test(operation) ? 'write' : 'read';
}

function storeOf({ view }: Draft): string | null {
  const names = view.json('gen_ai.memory.store.names');
  return view.text('gen_ai.memory.store.id') ?? view.text('gen_ai.memory.store.name') ?? (Array.isArray(names) ? textOf(names[0]) : null) ?? OWNERS.map((key) => view.text(key)).find((owner) => owner !== null) ?? null;
}

function queryOf({ view }: Draft, operation: MemoryAccess['operation']): string | null {
  const asked = operation === 'read' ? view.json('gen_ai.memory.input.messages') : null;
  return view.text('gen_ai.memory.query.text') ?? view.text('gen_ai.memory.query') ?? textOf(asked);
}

function itemsOf({ view }: Draft, operation: MemoryAccess['operation']): readonly unknown[] {
  const key = [...RECORDS, operation === 'read' ? 'gen_ai.memory.output.messages' : 'gen_ai.memory.input.messages'].find((name) => view.has(name));
  const found = key === undefined ? undefined : view.json(key);
  const list = typeof found === 'object' && found !== null && 'results' in found ? found.results : found;
  if (list !== undefined && list !== null) return Array.isArray(list) ? list : [list];
  const id = view.text('gen_ai.memory.record.id') ?? view.text('gen_ai.memory.id');
  return id === null ? [] : [{ id }];
}
