import type { BackendSource, SourceType } from '../../core/config/model.ts';
import { hostOf } from '../../core/links/explain.ts';
import type { ProxySettings } from '../http/proxy.ts';
import type { Resolve } from './addresses.ts';
import { DatadogSource } from './adapters/datadog.ts';
import { HoneycombSource } from './adapters/honeycomb.ts';
import { JaegerSource } from './adapters/jaeger.ts';
import { LangfuseSource } from './adapters/langfuse.ts';
import { LangsmithSource } from './adapters/langsmith.ts';
import { LogfireSource } from './adapters/logfire.ts';
import { OpikSource } from './adapters/opik.ts';
import { PhoenixSource } from './adapters/phoenix.ts';
import { SqliteSource } from './adapters/sqlite.ts';
import { TempoSource } from './adapters/tempo.ts';
import { WeaveSource } from './adapters/weave.ts';
import { ClickhouseSource } from './clickhouse/source.ts';
import { SourceClient } from './client.ts';
import { credentialsOf, secretsOf, type SourceSecrets } from './keys.ts';
import type { SourceContext, TraceSource } from './source.ts';

export { SourceError } from './errors.ts';
export { secretsOf } from './keys.ts';
export type { FetchedTrace, FetchSink, TraceRef, TraceSource } from './source.ts';

/** Every type of source, each an adapter of its own. */
const SOURCES: Readonly<Record<SourceType, { readonly vendor: string; readonly create: new (context: SourceContext) => TraceSource }>> = {
  langfuse: { vendor: 'Langfuse', create: LangfuseSource },
  langsmith: { vendor: 'LangSmith', create: LangsmithSource },
  phoenix: { vendor: 'Phoenix', create: PhoenixSource },
  opik: { vendor: 'Opik', create: OpikSource },
  weave: { vendor: 'Weave', create: WeaveSource },
  jaeger: { vendor: 'Jaeger', create: JaegerSource },
  tempo: { vendor: 'Tempo', create: TempoSource },
  clickhouse: { vendor: 'ClickHouse', create: ClickhouseSource },
  datadog: { vendor: 'Datadog', create: DatadogSource },
  honeycomb: { vendor: 'Honeycomb', create: HoneycombSource },
  logfire: { vendor: 'Logfire', create: LogfireSource },
  sqlite: { vendor: 'The database', create: SqliteSource },
};

export interface SourceEnvironment {
  readonly proxy: ProxySettings;
  /** Asked for with every request: a key that a person has just replaced counts at once. */
  readonly secrets: SourceSecrets;
  readonly redact: (text: string) => string;
  readonly ca?: readonly string[];
  /** How names become addresses; absent: as the system does it. */
  readonly resolve?: Resolve;
}

/** The source of an entry in touchstone.yml. Nothing is contacted before it is asked something. */
export function createTraceSource(entry: BackendSource, environment: SourceEnvironment): TraceSource {
  const { vendor, create } = SOURCES[entry.type];
  const { proxy, redact, secrets, ca, resolve } = environment;
  const subject = { name: entry.name, vendor, host: hostOf(entry), secrets: secretsOf(entry).map(({ name }) => name), redact };
  return new create({
    entry,
    client: (options = {}) => new SourceClient({ source: entry, subject, credentials: credentialsOf(entry, secrets), proxy, ...(ca === undefined ? {} : { ca }), ...(resolve === undefined ? {} : { resolve }), ...options }),
  });
}
