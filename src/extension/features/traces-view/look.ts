import * as v from 'valibot';
import * as vscode from 'vscode';
import { printValue } from '../../../core/trace/query/print.ts';
import { CONTEXT_KEYS } from '../../constants.ts';
import type { TraceSort } from '../../traces/wording.ts';

const KEY = 'traces.look';
const MOST_RECENT = 10;

const SORTS = ['time', 'duration', 'cost', 'tokens', 'errors'] as const satisfies readonly TraceSort[];

const schema = v.object({
  query: v.fallback(v.string(), ''),
  sort: v.fallback(v.picklist(SORTS), 'time'),
  descending: v.fallback(v.boolean(), true),
  grouped: v.fallback(v.boolean(), false),
  recent: v.fallback(v.array(v.string()), []),
});
type Look = v.InferOutput<typeof schema>;

/** How the Traces view looks at the store: query, order, grouping. Kept for this workspace. */
export class TracesLook implements vscode.Disposable {
  readonly #memory: vscode.Memento;
  readonly #didChange = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#didChange.event;
  #look: Look;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
    this.#look = v.parse(schema, { ...memory.get<object>(KEY, {}) });
    this.#setContext();
  }

  get query(): string {
    return this.#look.query;
  }

  get sort(): TraceSort {
    return this.#look.sort;
  }

  get descending(): boolean {
    return this.#look.descending;
  }

  get grouped(): boolean {
    return this.#look.grouped;
  }

  /** Queries that were used, the last one first. */
  get recent(): readonly string[] {
    return this.#look.recent;
  }

  /** The query within one session. */
  queryOfSession(session: string): string {
    const own = `session:${printValue(session)}`;
    return this.query.trim() === '' ? own : `(${this.query}) ${own}`;
  }

  search(query: string): void {
    const trimmed = query.trim();
    const recent = trimmed === '' ? this.recent : [trimmed, ...this.recent.filter((used) => used !== trimmed)].slice(0, MOST_RECENT);
    this.#set({ query: trimmed, recent: [...recent] });
  }

  sortBy(sort: TraceSort, descending: boolean): void {
    this.#set({ sort, descending });
  }

  group(grouped: boolean): void {
    this.#set({ grouped });
  }

  dispose(): void {
    this.#didChange.dispose();
  }

  #set(change: Partial<Look>): void {
    this.#look = { ...this.#look, ...change };
    void this.#memory.update(KEY, this.#look);
    this.#setContext();
    this.#didChange.fire();
  }

  #setContext(): void {
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.tracesFiltered, this.query !== '');
    void vscode.commands.executeCommand('setContext', CONTEXT_KEYS.tracesGrouped, this.grouped);
  }
}
