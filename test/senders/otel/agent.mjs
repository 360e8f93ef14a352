/**
 * OpenTelemetry's own SDK, configured by its environment variables alone (OTEL_EXPORTER_OTLP_PROTOCOL: http/json, http/protobuf or
 * grpc), with spans written by hand as the GenAI conventions describe them.
 */
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { AGENT, askModel, OPENAI_TOOLS, runAgent, SESSION, SYSTEM, TOOLS, USER } from '../task.mjs';

const sdk = new NodeSDK({ serviceName: 'sender-otel' });
sdk.start();
const tracer = trace.getTracer('sender-otel', '1.0.0');

await within(`invoke_agent ${AGENT}`, SpanKind.INTERNAL, { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': AGENT, 'gen_ai.conversation.id': SESSION, 'user.id': USER }, () => runAgent(chat, callTool));
await sdk.shutdown();

function chat(request) {
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': request.model,
    'gen_ai.request.temperature': request.temperature,
    'gen_ai.conversation.id': SESSION,
    'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: SYSTEM }]),
    'gen_ai.input.messages': JSON.stringify(request.messages.slice(1).map(toSemconv)),
    'gen_ai.tool.definitions': JSON.stringify(OPENAI_TOOLS.map((tool) => ({ type: 'function', ...tool.function }))),
  };
  return within(`chat ${request.model}`, SpanKind.CLIENT, attributes, async (span) => {
    const answer = await askModel(request);
    const [choice] = answer.choices;
    span.setAttributes({
      'gen_ai.response.id': answer.id,
      'gen_ai.response.model': answer.model,
      'gen_ai.response.finish_reasons': [choice.finish_reason],
      'gen_ai.output.messages': JSON.stringify([{ ...toSemconv(choice.message), finish_reason: choice.finish_reason }]),
      'gen_ai.usage.input_tokens': answer.usage.prompt_tokens,
      'gen_ai.usage.output_tokens': answer.usage.completion_tokens,
      'gen_ai.usage.cache_read.input_tokens': answer.usage.prompt_tokens_details.cached_tokens,
      'gen_ai.usage.reasoning.output_tokens': answer.usage.completion_tokens_details.reasoning_tokens,
    });
    return answer;
  });
}

function callTool(name, args, id) {
  return within(`execute_tool ${name}`, SpanKind.INTERNAL, { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name, 'gen_ai.tool.type': 'function', 'gen_ai.tool.call.id': id, 'gen_ai.tool.call.arguments': JSON.stringify(args) }, async (span) => {
    const result = TOOLS[name].run(args);
    span.setAttribute('gen_ai.tool.call.result', JSON.stringify(result));
    return result;
  });
}

function within(name, kind, attributes, run) {
  return tracer.startActiveSpan(name, { kind, attributes }, async (span) => {
    try {
      return await run(span);
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      throw error;
    } finally {
      span.end();
    }
  });
}

function toSemconv(message) {
  if (message.role === 'tool') return { role: 'tool', parts: [{ type: 'tool_call_response', id: message.tool_call_id, response: JSON.parse(message.content) }] };
  const text = message.content ? [{ type: 'text', content: message.content }] : [];
  const calls = (message.tool_calls ?? []).map((call) => ({ type: 'tool_call', id: call.id, name: call.function.name, arguments: JSON.parse(call.function.arguments) }));
  return { role: message.role, parts: [...text, ...calls] };
}
