import type { Backend } from './model.ts';

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
  return isVendors ? null : `That it is ${backend} is a guess, by the shape of the address.`;
}
