/**
 * LangSmith's SDK: its wrapper of OpenAI's client and traceable functions. Runs are posted to its own API, or, with
 * LANGSMITH_OTEL_ENABLED, exported as spans. TOOL_MS: how long a tool takes; when it is long, runs are posted when they begin and
 * patched when they end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'langsmith';
import { traceable } from 'langsmith/traceable';
import { wrapOpenAI } from 'langsmith/lib/wrappers/openai';
import OpenAI from 'openai';
import { AGENT, MODEL_URL, QUESTION, RECEIVER_URL, runAgentOn, SESSION, TOOLS, USER } from '../task.mjs';

const otel = process.env.LANGSMITH_OTEL_ENABLED === 'true' ? (await import('langsmith/experimental/otel/setup')).initializeOTEL() : null;
const runs = new Client({ apiUrl: RECEIVER_URL, apiKey: 'none' });
const client = wrapOpenAI(new OpenAI({ apiKey: 'none', baseURL: MODEL_URL }), { client: runs });

const agent = traceable(async (question) => {
  void question;
  return runAgentOn(client, (name, args) => tools[name](args));
}, { name: AGENT, run_type: 'chain', client: runs, tags: ['weather'], metadata: { session_id: SESSION, user_id: USER } });
const tools = Object.fromEntries(Object.entries(TOOLS).map(([name, { run }]) => [name, traceable(async (args) => { await sleep(Number(process.env.TOOL_MS ?? 0)); return run(args); }, { name, run_type: 'tool', client: runs })]));

await agent(QUESTION);
await runs.awaitPendingTraceBatches();
await otel?.DEFAULT_LANGSMITH_TRACER_PROVIDER.shutdown();
