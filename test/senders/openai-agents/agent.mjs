/** OpenAI's Agents SDK: its own exporter, sent to the receiver in place of OpenAI. OPENAI_API: `chat` or `responses`. */
import { Agent, BatchTraceProcessor, getGlobalTraceProvider, OpenAIProvider, Runner, setTraceProcessors, tool } from '@openai/agents';
import { OpenAITracingExporter } from '@openai/agents';
import { AGENT, MODEL, MODEL_URL, QUESTION, RECEIVER_URL, SESSION, SYSTEM, TOOLS } from '../task.mjs';

setTraceProcessors([new BatchTraceProcessor(new OpenAITracingExporter({ endpoint: `${RECEIVER_URL}/v1/traces/ingest`, apiKey: 'none' }))]);

const agent = new Agent({
  name: AGENT,
  instructions: SYSTEM,
  model: MODEL,
  modelSettings: { temperature: 0.2 },
  tools: Object.entries(TOOLS).map(([name, { description, parameters, run }]) => tool({ name, description, parameters, strict: true, execute: run })),
});
const modelProvider = new OpenAIProvider({ apiKey: 'none', baseURL: MODEL_URL, useResponses: process.env.OPENAI_API === 'responses' });
await new Runner({ modelProvider, workflowName: 'weather', groupId: SESSION }).run(agent, QUESTION);
await getGlobalTraceProvider().forceFlush();
