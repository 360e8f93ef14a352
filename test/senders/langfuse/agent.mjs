/** Langfuse's SDK: its wrapper of OpenAI's client, and observations for the agent and its tools. */
import { observeOpenAI } from '@langfuse/openai';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes, startActiveObservation } from '@langfuse/tracing';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import OpenAI from 'openai';
import { AGENT, MODEL_URL, QUESTION, RECEIVER_URL, runAgentOn, SESSION, TOOLS, USER } from '../task.mjs';

const provider = new NodeTracerProvider({ spanProcessors: [new LangfuseSpanProcessor({ publicKey: 'pk-lf-none', secretKey: 'sk-lf-none', baseUrl: RECEIVER_URL, environment: 'test' })] });
provider.register();
const client = observeOpenAI(new OpenAI({ apiKey: 'none', baseURL: MODEL_URL }), { generationName: 'answer' });

await propagateAttributes({ sessionId: SESSION, userId: USER, tags: ['weather'] }, () =>
  startActiveObservation(AGENT, async (agent) => {
    agent.update({ input: QUESTION });
    agent.update({ output: await runAgentOn(client, callTool) });
  }, { asType: 'agent' }));
await provider.shutdown();

function callTool(name, args) {
  return startActiveObservation(name, async (tool) => {
    const result = TOOLS[name].run(args);
    tool.update({ input: args, output: result });
    return result;
  }, { asType: 'tool' });
}
