import { JsonLogsSerializer, JsonTraceSerializer, ProtobufLogsSerializer, ProtobufMetricsSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { describe, expect, it } from 'vitest';
import { encodeFullSuccess, encodePartialSuccess, encodeStatus, RPC_CODES } from '../../../src/core/trace/otlp-response.ts';
import { decodeMessage } from './otlp-messages.ts';

const text = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

describe('answers to OTLP', () => {
  it('say nothing when everything was taken', () => {
    expect(encodeFullSuccess('protobuf')).toHaveLength(0);
    expect(text(encodeFullSuccess('json'))).toEqual({});
  });

  it('tell OpenTelemetry’s SDK how much was rejected, and why', () => {
    const message = '300 spans: the span has no traceId – ß';
    expect(ProtobufTraceSerializer.deserializeResponse(encodePartialSuccess('traces', 300, message, 'protobuf'))).toEqual({ partialSuccess: { rejectedSpans: 300, errorMessage: message } });
    expect(ProtobufLogsSerializer.deserializeResponse(encodePartialSuccess('logs', 1, message, 'protobuf'))).toEqual({ partialSuccess: { rejectedLogRecords: 1, errorMessage: message } });
    expect(ProtobufMetricsSerializer.deserializeResponse(encodePartialSuccess('metrics', 2 ** 40, '', 'protobuf'))).toMatchObject({ partialSuccess: { rejectedDataPoints: 2 ** 40 } });
    expect(JsonTraceSerializer.deserializeResponse(encodePartialSuccess('traces', 3, message, 'json'))).toEqual({ partialSuccess: { rejectedSpans: '3', errorMessage: message } });
    expect(JsonLogsSerializer.deserializeResponse(encodePartialSuccess('logs', 3, message, 'json'))).toEqual({ partialSuccess: { rejectedLogRecords: '3', errorMessage: message } });
  });

  it('name failures by google.rpc.Status', () => {
    expect(text(encodeStatus(RPC_CODES.invalidArgument, 'traceId must be 16 bytes', 'json'))).toEqual({ code: 3, message: 'traceId must be 16 bytes' });
    expect(decodeMessage('RpcStatus', encodeStatus(RPC_CODES.invalidArgument, 'ß', 'protobuf'))).toEqual({ code: 3, message: 'ß' });
  });

  it('say when to come again', () => {
    const status = decodeMessage('RpcStatus', encodeStatus(RPC_CODES.unavailable, 'busy', 'protobuf', 200)) as { details: { typeUrl: string; value: number[] }[] };
    expect(status.details[0]!.typeUrl).toBe('type.googleapis.com/google.rpc.RetryInfo');
    expect(decodeMessage('RetryInfo', Uint8Array.from(status.details[0]!.value))).toEqual({ retryDelay: { seconds: '200' } });
    expect(text(encodeStatus(RPC_CODES.unavailable, 'busy', 'json', 200))).toEqual({ code: 14, message: 'busy', details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '200s' }] });
  });
});
