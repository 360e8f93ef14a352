/** The Vercel AI SDK. AI_SDK: which version; its telemetry is its own (4 to 6) or an integration (7). */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { AGENT, MODEL, MODEL_URL, QUESTION, SESSION, SYSTEM, TOOLS, USER } from '../task.mjs';

const version = Number(process.env.AI_SDK);
const streams = process.env.AI_STREAM === '1';
const provider = new NodeTracerProvider({ resource: resourceFromAttributes({ 'service.name': 'sender-vercel' }), spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
provider.register();

const ai = await import(version === 7 ? 'ai' : `ai-v${version}`);
const { createOpenAI } = await import(version === 7 ? '@ai-sdk/openai' : `openai-v${version}`);
const openai = createOpenAI({ apiKey: 'none', baseURL: MODEL_URL });

const options = {
  model: process.env.AI_API === 'responses' ? openai.responses(MODEL) : openai.chat(MODEL),
  // Else earlier answers are sent by their ids.
  providerOptions: { openai: { store: false } },
  temperature: 0.2,
  tools: Object.fromEntries(Object.entries(TOOLS).map(([name, { description, parameters, run }]) => [name, ai.tool({ description, [version === 4 ? 'parameters' : 'inputSchema']: ai.jsonSchema(parameters), execute: run })])),
  [version === 7 ? 'instructions' : 'system']: SYSTEM,
  prompt: QUESTION,
  ...(version === 4 ? { maxSteps: 5 } : { stopWhen: (version === 7 ? ai.isStepCount ?? ai.stepCountIs : ai.stepCountIs)(5) }),
};
if (version === 7) {
  const { OpenTelemetry } = await import('@ai-sdk/otel');
  ai.registerTelemetry(new OpenTelemetry({ usage: true, runtimeContext: true }));
  options.telemetry = { functionId: AGENT, includeRuntimeContext: { sessionId: true, userId: true } };
  options.runtimeContext = { sessionId: SESSION, userId: USER };
} else {
  options.experimental_telemetry = { isEnabled: true, functionId: AGENT, metadata: { sessionId: SESSION, userId: USER, tags: ['weather'] } };
}
if (streams) {
  const stream = await ai.streamText(options);
  for await (const piece of stream.textStream) void piece;
} else {
  await ai.generateText(options);
}
await provider.shutdown();
