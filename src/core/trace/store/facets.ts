/** What a trace can be found by: `trace_facet.key` is a position in this list. Never reordered, only appended to. */
export const FACETS = ['kind', 'name', 'model', 'provider', 'tool', 'agent', 'service', 'environment', 'user', 'session', 'tag', 'prompt', 'error', 'operation', 'project', 'scope', 'score'] as const;

export type Facet = (typeof FACETS)[number];
