/** OpenInference: its instrumentation of OpenAI's client; the agent and its tools as spans by its conventions. */
import { SEMRESATTRS_PROJECT_NAME, SemanticConventions } from '@arizeai/openinference-semantic-conventions';
import { setSession, setUser } from '@arizeai/openinference-core';
import { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai';
import { context, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import OpenAI from 'openai';
import { AGENT, MODEL_URL, QUESTION, runAgentOn, SESSION, TOOLS, USER } from '../task.mjs';

const provider = new NodeTracerProvider({ resource: resourceFromAttributes({ 'service.name': 'sender-openinference', [SEMRESATTRS_PROJECT_NAME]: 'senders' }), spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
provider.register();
const instrumentation = new OpenAIInstrumentation();
registerInstrumentations({ instrumentations: [instrumentation] });
instrumentation.manuallyInstrument(OpenAI);

const client = new OpenAI({ apiKey: 'none', baseURL: MODEL_URL });
const tracer = trace.getTracer('sender-openinference');

await context.with(setUser(setSession(context.active(), { sessionId: SESSION }), { userId: USER }), () =>
  span(AGENT, { [SemanticConventions.OPENINFERENCE_SPAN_KIND]: 'AGENT', [SemanticConventions.INPUT_VALUE]: QUESTION, 'agent.name': AGENT, [SemanticConventions.SESSION_ID]: SESSION, [SemanticConventions.USER_ID]: USER }, async (agent) => {
    const answer = await runAgentOn(client, callTool);
    agent.setAttribute(SemanticConventions.OUTPUT_VALUE, answer);
  }));
await provider.shutdown();

function callTool(name, args) {
  return span(name, { [SemanticConventions.OPENINFERENCE_SPAN_KIND]: 'TOOL', [SemanticConventions.TOOL_NAME]: name, [SemanticConventions.INPUT_VALUE]: JSON.stringify(args), [SemanticConventions.INPUT_MIME_TYPE]: 'application/json' }, async (tool) => {
    const result = TOOLS[name].run(args);
    tool.setAttributes({ [SemanticConventions.OUTPUT_VALUE]: JSON.stringify(result), [SemanticConventions.OUTPUT_MIME_TYPE]: 'application/json' });
    return result;
  });
}

function span(name, attributes, run) {
  return tracer.startActiveSpan(name, { attributes }, async (active) => {
    try {
      return await run(active);
    } finally {
      active.end();
    }
  });
}
