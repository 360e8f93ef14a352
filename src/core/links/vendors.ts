import type { Backend } from './model.ts';

/** What people call what serves the pages. */
export const BACKEND_NAMES: Readonly<Record<Exclude<Backend, 'local' | 'unknown'>, string>> = {
  langfuse: 'Langfuse', langsmith: 'LangSmith', phoenix: 'Arize Phoenix', opik: 'Opik', weave: 'W&B Weave', jaeger: 'Jaeger', tempo: 'Grafana Tempo',
  clickhouse: 'ClickHouse', datadog: 'Datadog', honeycomb: 'Honeycomb', logfire: 'Logfire', openai: 'OpenAI',
};

/** Where vendors serve the pages of their own clouds; anybody may serve the others' under any name. */
const DOMAINS: Readonly<Partial<Record<Backend, readonly string[]>>> = {
  langfuse: ['langfuse.com'],
  langsmith: ['smith.langchain.com'],
  phoenix: ['phoenix.arize.com'],
  opik: ['comet.com'],
  weave: ['wandb.ai'],
  tempo: ['grafana.net'],
  datadog: ['datadoghq.com', 'datadoghq.eu', 'ddog-gov.com'],
  honeycomb: ['honeycomb.io'],
  logfire: ['pydantic.dev'],
  openai: ['platform.openai.com'],
};

/**
 * Of an address that no source is configured for: whether its backend was told by the shape of its path alone. `null`: its host is the
 * vendor's own. `host`: with its port, where it has one.
 */
export function guessNote(backend: Backend, host: string): string | null {
  if (backend === 'unknown' || backend === 'local') return null;
  const { hostname } = new URL(`https://${host}`);
  const isVendors = DOMAINS[backend]?.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`)) ?? false;
  return isVendors ? null : `That it is ${BACKEND_NAMES[backend]} is a guess, by the shape of the address.`;
}
