/**
 * LangChain and LangGraph in JavaScript. FRAMEWORK: `langchain` (its agent) or `langgraph` (a graph of our own). They trace to
 * LangSmith's API by LANGSMITH_TRACING and LANGSMITH_ENDPOINT alone, as their users turn it on.
 */
import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import { awaitAllCallbacks } from '@langchain/core/callbacks/promises';
import { tool } from '@langchain/core/tools';
import { MessagesAnnotation, StateGraph } from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI } from '@langchain/openai';
import { createAgent } from 'langchain';
import { AGENT, MODEL, MODEL_URL, QUESTION, SESSION, SYSTEM, TOOLS, USER } from '../task.mjs';

const model = new ChatOpenAI({ model: MODEL, temperature: 0.2, apiKey: 'none', configuration: { baseURL: MODEL_URL } });
const tools = Object.entries(TOOLS).map(([name, { description, parameters, run }]) => tool((args) => run(args), { name, description, schema: parameters }));
const config = { runName: AGENT, tags: ['weather'], metadata: { session_id: SESSION, user_id: USER } };

if (process.env.FRAMEWORK === 'langchain') {
  await createAgent({ model, tools, systemPrompt: SYSTEM, name: AGENT }).invoke({ messages: [new HumanMessage(QUESTION)] }, config);
} else {
  const bound = model.bindTools(tools);
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('think', async ({ messages }) => ({ messages: [await bound.invoke(messages)] }))
    .addNode('act', new ToolNode(tools))
    .addEdge('__start__', 'think')
    .addConditionalEdges('think', ({ messages }) => (messages.at(-1).tool_calls?.length ? 'act' : '__end__'))
    .addEdge('act', 'think')
    .compile();
  await graph.invoke({ messages: [new SystemMessage(SYSTEM), new HumanMessage(QUESTION)] }, config);
}
await awaitAllCallbacks();
