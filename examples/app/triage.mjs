/**
 * Fernhill's service that puts tickets into queues. It asks with the version of prompts/support/triage that `production` points to, and
 * names neither prompt nor version in its spans: Touchstone finds them by the text.
 *
 *   OPENAI_BASE_URL=http://127.0.0.1:8000/v1 node app/triage.mjs "Calendar does not sync" "It worked until yesterday." Pro
 *   … node app/triage.mjs --record FILE SUBJECT BODY PLAN      writes the spans to a file instead
 *
 * The model is any OpenAI-compatible endpoint; traces/triage.jsonl was recorded with Touchstone's own local:labels behind one. The loader of
 * prompts is found in a built checkout; elsewhere `npm install` it from its folder (docs/runtime.md).
 */
import { appendFileSync } from 'node:fs';
import { getPrompt } from 'touchstone/runtime';
import { createTracer } from '../agent/tracer.mjs';

const args = process.argv.slice(2);
const file = args[0] === '--record' ? args.splice(0, 2)[1] : undefined;
const [subject = '', body = '', plan = ''] = args;
const tracer = createTracer({
  resource: { 'service.name': 'fernhill-triage', 'service.version': '2.3.0', 'deployment.environment.name': 'production' },
  scope: 'fernhill.triage',
  send: file ? async (request) => appendFileSync(file, `${JSON.stringify(request)}\n`) : undefined,
});
const prompt = getPrompt('support/triage', { environment: 'production' });

console.log(await route({ subject, body, plan }));
await tracer.flush();

/** One ticket: one trace. */
async function route(ticket) {
  return tracer.trace(
    'invoke_agent triage',
    { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'triage' },
    async (span) => {
      const queue = await ask(span, ticket);
      await assign(span, queue);
      span.set({ 'gen_ai.output.messages': messagesJson([{ role: 'assistant', content: queue }]) });
      return queue;
    },
  );
}

async function ask(parent, ticket) {
  const messages = prompt.messages(ticket);
  return parent.span(
    `chat ${prompt.model}`,
    { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': prompt.model, 'gen_ai.input.messages': messagesJson(messages) },
    async (span) => {
      const { choices, usage, model } = await complete({ model: prompt.model, messages, ...prompt.parameters });
      const [{ message, finish_reason: finish }] = choices;
      span.set({
        'gen_ai.response.model': model, 'gen_ai.response.finish_reasons': [finish], 'gen_ai.output.messages': messagesJson([message]),
        ...(usage ? { 'gen_ai.usage.input_tokens': usage.prompt_tokens, 'gen_ai.usage.output_tokens': usage.completion_tokens } : {}),
      });
      return message.content.trim();
    },
    3,
  );
}

async function complete(request) {
  const key = process.env.OPENAI_API_KEY;
  const response = await fetch(`${process.env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1'}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) },
    body: JSON.stringify(request),
  });
  if (!response.ok) throw new Error(`The model answered with ${response.status}.`);
  return response.json();
}

/** The help desk is a stand-in: it takes every ticket. */
async function assign(parent, queue) {
  return parent.span(
    'execute_tool assign_queue',
    { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'assign_queue', 'gen_ai.tool.call.arguments': JSON.stringify({ queue }) },
    async (span) => span.set({ 'gen_ai.tool.call.result': JSON.stringify({ moved: true }) }),
  );
}

function messagesJson(messages) {
  return JSON.stringify(messages.map(({ role, content }) => ({ role, parts: [{ type: 'text', content }] })));
}
