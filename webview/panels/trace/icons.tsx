import type { VNode } from 'preact';
import agent from '@vscode/codicons/src/icons/agent.svg' with { type: 'text' };
import broadcast from '@vscode/codicons/src/icons/broadcast.svg' with { type: 'text' };
import checklist from '@vscode/codicons/src/icons/checklist.svg' with { type: 'text' };
import circleSmall from '@vscode/codicons/src/icons/circle-small.svg' with { type: 'text' };
import collapseAll from '@vscode/codicons/src/icons/collapse-all.svg' with { type: 'text' };
import database from '@vscode/codicons/src/icons/database.svg' with { type: 'text' };
import disconnected from '@vscode/codicons/src/icons/plug.svg' with { type: 'text' };
import event from '@vscode/codicons/src/icons/symbol-event.svg' with { type: 'text' };
import expandAll from '@vscode/codicons/src/icons/expand-all.svg' with { type: 'text' };
import filter from '@vscode/codicons/src/icons/filter.svg' with { type: 'text' };
import globe from '@vscode/codicons/src/icons/globe.svg' with { type: 'text' };
import link from '@vscode/codicons/src/icons/link.svg' with { type: 'text' };
import list from '@vscode/codicons/src/icons/list-flat.svg' with { type: 'text' };
import memory from '@vscode/codicons/src/icons/book.svg' with { type: 'text' };
import note from '@vscode/codicons/src/icons/note.svg' with { type: 'text' };
import shield from '@vscode/codicons/src/icons/shield.svg' with { type: 'text' };
import sort from '@vscode/codicons/src/icons/list-unordered.svg' with { type: 'text' };
import sparkle from '@vscode/codicons/src/icons/sparkle.svg' with { type: 'text' };
import array from '@vscode/codicons/src/icons/symbol-array.svg' with { type: 'text' };
import tools from '@vscode/codicons/src/icons/tools.svg' with { type: 'text' };
import unfold from '@vscode/codicons/src/icons/unfold.svg' with { type: 'text' };
import watch from '@vscode/codicons/src/icons/watch.svg' with { type: 'text' };
import zoomIn from '@vscode/codicons/src/icons/zoom-in.svg' with { type: 'text' };
import zoomOut from '@vscode/codicons/src/icons/zoom-out.svg' with { type: 'text' };
import search from '@vscode/codicons/src/icons/search.svg' with { type: 'text' };
import type { SpanKind } from '../../../src/core/trace/model.ts';
import { Glyph, pathsOf } from '../../controls/icon.tsx';

/** The Codicons (CC BY 4.0, Microsoft) of this panel alone. */
const PATHS = pathsOf({
  agent, array, broadcast, checklist, circleSmall, collapseAll, database, disconnected, event, expandAll, filter, globe, link, list, memory, note, search, shield, sort, sparkle, tools, unfold, watch, zoomIn, zoomOut,
});

export type TraceIconName = keyof typeof PATHS;

const OF_KIND: Readonly<Record<SpanKind, TraceIconName>> = {
  llm: 'sparkle', embedding: 'array', agent: 'agent', tool: 'tools', retriever: 'search', reranker: 'sort', chain: 'link', guardrail: 'shield', evaluator: 'checklist', prompt: 'note',
  memory: 'memory', http: 'globe', db: 'database', event: 'event', other: 'circleSmall',
};

export function TraceIcon({ name, class: className = '', label }: { readonly name: TraceIconName; readonly class?: string; readonly label?: string }): VNode {
  return <Glyph path={PATHS[name]} class={className} {...(label === undefined ? {} : { label })} />;
}

/** The icon of a kind in its hue. */
export function KindIcon({ kind }: { readonly kind: SpanKind }): VNode {
  return <Glyph path={PATHS[OF_KIND[kind]]} class={`hue-${kind}`} />;
}
