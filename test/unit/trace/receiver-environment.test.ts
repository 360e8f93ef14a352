import { describe, expect, it } from 'vitest';
import { receiverEnvironment } from '../../../src/core/trace/receiver-environment.ts';

const PORTS = { http: 4318, grpc: 4317 };

describe('the variables that lead to the receiver', () => {
  it('name the HTTP port and its protocol', () => {
    expect(receiverEnvironment(PORTS)).toEqual({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', TOUCHSTONE_RECEIVER: 'http://127.0.0.1:4318' });
  });

  it.each(['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT'])('are none when %s is set', (name) => {
    expect(receiverEnvironment(PORTS, { [name]: 'https://collector.example' })).toEqual({});
  });

  it('take an empty variable for one that is not set, as OpenTelemetry does', () => {
    expect(receiverEnvironment(PORTS, { OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toHaveProperty('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:4318');
  });

  it('name the port of gRPC when that is the protocol, and leave the protocol as it is', () => {
    const variables = receiverEnvironment(PORTS, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' });
    expect(variables).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317' });
    expect(variables).not.toHaveProperty('OTEL_EXPORTER_OTLP_PROTOCOL');
    expect(receiverEnvironment({ http: 4318, grpc: null }, { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' })).toEqual({});
  });

  it('replace those of another window, which a program started there hands on', () => {
    const inherited = receiverEnvironment({ http: 4400, grpc: null });
    expect(receiverEnvironment(PORTS, inherited)).toHaveProperty('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:4318');
    expect(receiverEnvironment(PORTS, { ...inherited, OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example' })).toEqual({});
  });
});
