/**
 * LlamaIndex in its TypeScript edition: an agent of its workflows. Two instrumentations at once, as people combine them: OpenLLMetry
 * for LlamaIndex, and OpenInference for OpenAI's client below it; the agent and its tools are spans written by hand.
 */
import { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai';
import { LlamaIndexInstrumentation } from '@traceloop/instrumentation-llamaindex';
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import * as llamaIndexOpenAI from '@llamaindex/openai';
import { agent } from '@llamaindex/workflow';
import * as llamaIndex from 'llamaindex';
import OpenAI from 'openai';
import { AGENT, MODEL, MODEL_URL, QUESTION, SESSION, SYSTEM, TOOLS, USER } from '../task.mjs';

const provider = new NodeTracerProvider({ resource: resourceFromAttributes({ 'service.name': 'sender-llamaindex' }), spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
provider.register();
const outer = new LlamaIndexInstrumentation();
outer.setTracerProvider(provider);
outer.manuallyInstrument(llamaIndex, llamaIndexOpenAI);
const inner = new OpenAIInstrumentation();
inner.setTracerProvider(provider);
inner.manuallyInstrument(OpenAI);
const tracer = trace.getTracer('sender-llamaindex');

const llm = new llamaIndexOpenAI.OpenAI({ model: MODEL, temperature: 0.2, apiKey: 'none', baseURL: MODEL_URL, supportToolCall: true, additionalChatOptions: { stream_options: { include_usage: true } } });
const tools = Object.entries(TOOLS).map(([name, { description, parameters, run }]) => llamaIndex.tool({ name, description, parameters, execute: (args) => callTool(name, args, run) }));

await within(`invoke_agent ${AGENT}`, { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': AGENT, 'session.id': SESSION, 'user.id': USER }, () => agent({ name: AGENT, llm, tools, systemPrompt: SYSTEM }).run(QUESTION));
await provider.shutdown();

function callTool(name, args, run) {
  return within(`execute_tool ${name}`, { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name, 'gen_ai.tool.call.arguments': JSON.stringify(args) }, async (span) => {
    const result = run(args);
    span.setAttribute('gen_ai.tool.call.result', JSON.stringify(result));
    return result;
  });
}

function within(name, attributes, run) {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await run(span);
    } finally {
      span.end();
    }
  });
}
