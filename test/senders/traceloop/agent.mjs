/** OpenLLMetry: Traceloop's SDK, which instruments OpenAI's client, and its decorators for workflows, agents and tools. */
import OpenAI from 'openai';
import * as traceloop from '@traceloop/node-server-sdk';
import { AGENT, MODEL_URL, RECEIVER_URL, runAgentOn, SESSION, TOOLS, USER } from '../task.mjs';

traceloop.initialize({ appName: 'sender-traceloop', baseUrl: RECEIVER_URL, apiKey: 'none', traceloopSyncEnabled: false, silenceInitializationMessage: true, instrumentModules: { openAI: OpenAI } });
const client = new OpenAI({ apiKey: 'none', baseURL: MODEL_URL });

await traceloop.withWorkflow({ name: 'weather', associationProperties: { session_id: SESSION, user_id: USER } }, () =>
  traceloop.withAgent({ name: AGENT }, () => runAgentOn(client, callTool)));
await traceloop.forceFlush();

function callTool(name, args) {
  return traceloop.withTool({ name }, async (given) => TOOLS[name].run(given), args);
}
