/**
 * The tables of the OpenTelemetry collector's ClickHouse exporter (open-telemetry/opentelemetry-collector-contrib,
 * exporter/clickhouseexporter/internal/sqltemplates), with attributes as maps of texts, or as JSON (`json: true`).
 */
export function collectorSchema(form: 'map' | 'json', table = 'otel_traces', logs = 'otel_logs'): string[] {
  const attributes = form === 'map' ? 'Map(LowCardinality(String), String)' : 'JSON';
  const indexes = form === 'json' ? '' : `
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_span_attr_key mapKeys(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_span_attr_value mapValues(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,`;
  return [
    `CREATE TABLE ${table} (
      Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)), TraceId String CODEC(ZSTD(1)), SpanId String CODEC(ZSTD(1)), ParentSpanId String CODEC(ZSTD(1)), TraceState String CODEC(ZSTD(1)),
      SpanName LowCardinality(String) CODEC(ZSTD(1)), SpanKind LowCardinality(String) CODEC(ZSTD(1)), ServiceName LowCardinality(String) CODEC(ZSTD(1)), ResourceAttributes ${attributes} CODEC(ZSTD(1)),
      ScopeName String CODEC(ZSTD(1)), ScopeVersion String CODEC(ZSTD(1)), SpanAttributes ${attributes} CODEC(ZSTD(1)), Duration UInt64 CODEC(ZSTD(1)), StatusCode LowCardinality(String) CODEC(ZSTD(1)), StatusMessage String CODEC(ZSTD(1)),
      Events Nested (Timestamp DateTime64(9), Name LowCardinality(String), Attributes ${attributes}) CODEC(ZSTD(1)),
      Links Nested (TraceId String, SpanId String, TraceState String, Attributes ${attributes}) CODEC(ZSTD(1)),${indexes}
      INDEX idx_duration Duration TYPE minmax GRANULARITY 1
    ) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY (ServiceName, SpanName, toDateTime(Timestamp)) SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1`,
    `CREATE TABLE ${table}_trace_id_ts (TraceId String CODEC(ZSTD(1)), Start DateTime CODEC(Delta, ZSTD(1)), End DateTime CODEC(Delta, ZSTD(1)), INDEX idx_trace_id TraceId TYPE bloom_filter(0.01) GRANULARITY 1)
     ENGINE = MergeTree PARTITION BY toDate(Start) ORDER BY (TraceId, Start) SETTINGS index_granularity = 8192`,
    `CREATE MATERIALIZED VIEW ${table}_trace_id_ts_mv TO ${table}_trace_id_ts AS SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End FROM ${table} WHERE TraceId != '' GROUP BY TraceId`,
    `CREATE TABLE ${logs} (
      Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)), TraceId String, SpanId String, TraceFlags UInt8, SeverityText LowCardinality(String), SeverityNumber UInt8, ServiceName LowCardinality(String), Body String,
      ResourceSchemaUrl LowCardinality(String), ResourceAttributes ${attributes}, ScopeSchemaUrl LowCardinality(String), ScopeName String, ScopeVersion LowCardinality(String), ScopeAttributes ${attributes}, LogAttributes ${attributes}, EventName String
    ) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY (ServiceName, Timestamp)`,
  ];
}
