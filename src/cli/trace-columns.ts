import type { Column } from './table.ts';

/** Of a list of traces, here or at a source; what stands last is its own. */
export function traceColumns(last: string): readonly Column[] {
  return [
    { title: 'Trace' },
    { title: 'Name' },
    { title: 'Started (UTC)', dropAt: 1 },
    { title: 'Took', right: true },
    { title: 'Spans', right: true, dropAt: 4 },
    { title: 'Errors', right: true },
    { title: 'Tokens', right: true, dropAt: 3 },
    { title: 'Cost', right: true, dropAt: 2 },
    { title: 'Service', dropAt: 5 },
    { title: 'Session', dropAt: 6 },
    { title: last, dropAt: 7 },
  ];
}
