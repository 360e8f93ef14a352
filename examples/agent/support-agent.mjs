/**
 * The support agent of Fernhill: a small agent with three tools and a search, without dependencies, to see traces with.
 *
 *   node agent/support-agent.mjs                      three questions of one conversation
 *   node agent/support-agent.mjs "Where is A-2071?"   your own
 *   node agent/support-agent.mjs --record FILE        writes the spans to a file instead
 *
 * Its model is a stand-in, a few rules that need no key and no network, and that take their time as a model would. Everything
 * else is as in a real agent: it decides by the messages it has, calls tools, meets a failure and tries again, and reports
 * each step as an OpenTelemetry span (conventions for generative AI) to where OTEL_EXPORTER_OTLP_ENDPOINT leads.
 */
import { appendFileSync } from 'node:fs';
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTracer } from './tracer.mjs';

const QUESTIONS = [
  'How long can a workspace be restored after it was deleted?',
  'Invoice A-20713 was charged twice. Please refund one of the two.',
  'And what about invoice A-99999?',
];
const SYSTEM = 'You are the support agent of Fernhill. Look things up before you answer. Refund only what was charged twice.';
const TOOLS = [
  { type: 'function', name: 'lookup_invoice', description: 'An invoice with its charges.', parameters: { type: 'object', properties: { invoice_id: { type: 'string' } }, required: ['invoice_id'] } },
  { type: 'function', name: 'search_policies', description: 'Passages of the handbook.', parameters: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] } },
  { type: 'function', name: 'issue_refund', description: 'Returns one charge.', parameters: { type: 'object', properties: { invoice_id: { type: 'string' }, amount: { type: 'number' } }, required: ['invoice_id', 'amount'] } },
];
const POLICIES = [
  { id: 'restore', content: 'A deleted workspace can be restored by its owner for 30 days.' },
  { id: 'refunds', content: 'A charge that was made twice is refunded within three working days.' },
  { id: 'export', content: 'Everything in a workspace can be exported as Markdown and JSON.' },
];
const INVOICES = { 'A-20713': { invoice_id: 'A-20713', plan: 'Team', charges: [{ id: 'ch_1', amount: 189 }, { id: 'ch_2', amount: 189 }] } };
const MOST_STEPS = 8;
let refunds = 0;

const args = process.argv.slice(2);
const file = args[0] === '--record' ? args[1] : undefined;
const tracer = createTracer({
  resource: { 'service.name': 'fernhill-support', 'service.version': '1.4.0', 'deployment.environment.name': 'development' },
  scope: 'fernhill.agent',
  send: file ? async (request) => appendFileSync(file, `${JSON.stringify(request)}\n`) : undefined,
});

const own = file ? args.slice(2) : args;
const session = `conv-${randomUUID().slice(0, 8)}`;
const history = [];
for (const question of own.length > 0 ? own : QUESTIONS) console.log(`> ${question}\n${await answer(question)}\n`);
await tracer.flush();

/** One turn of the conversation: one trace. */
async function answer(question) {
  return tracer.trace('invoke_agent support_agent', {
    'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'support_agent', 'gen_ai.conversation.id': session, 'user.id': 'customer-118',
    'gen_ai.input.messages': messagesJson([{ role: 'user', parts: [text(question)] }]),
  }, async (turn) => {
    history.push({ role: 'user', parts: [text(question)] });
    for (let step = 0; step < MOST_STEPS; step++) {
      const message = await chat(turn);
      history.push(message);
      const calls = message.parts.filter((part) => part.type === 'tool_call');
      if (calls.length === 0) {
        turn.set({ 'gen_ai.output.messages': messagesJson([message]) });
        return message.parts[0].content;
      }
      for (const call of calls) history.push({ role: 'tool', parts: [{ type: 'tool_call_response', id: call.id, response: await callTool(turn, call) }] });
    }
    throw new Error(`no answer after ${MOST_STEPS} steps`);
  });
}

/** One call of the model. */
async function chat(parent) {
  return parent.span('chat rules-1', {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'fernhill', 'gen_ai.request.model': 'rules-1', 'gen_ai.request.temperature': 0, 'gen_ai.conversation.id': session,
    'gen_ai.system_instructions': JSON.stringify([text(SYSTEM)]), 'gen_ai.input.messages': messagesJson(history), 'gen_ai.tool.definitions': JSON.stringify(TOOLS),
  }, async (span) => {
    const message = decide(history);
    const input = words(SYSTEM) + words(JSON.stringify(TOOLS)) + words(JSON.stringify(history));
    await sleep(80 + input / 4);
    span.set({
      'gen_ai.response.model': 'rules-1', 'gen_ai.response.id': `resp_${randomBytes(6).toString('hex')}`, 'gen_ai.output.messages': messagesJson([message]),
      'gen_ai.response.finish_reasons': [message.finish_reason], 'gen_ai.usage.input_tokens': input, 'gen_ai.usage.output_tokens': words(JSON.stringify(message.parts)),
    });
    return message;
  }, 3);
}

async function callTool(parent, { id, name, arguments: given }) {
  const tools = { lookup_invoice: lookupInvoice, search_policies: searchPolicies, issue_refund: issueRefund };
  try {
    return await parent.span(`execute_tool ${name}`, {
      'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name, 'gen_ai.tool.type': 'function', 'gen_ai.tool.call.id': id, 'gen_ai.tool.call.arguments': JSON.stringify(given),
    }, async (span) => {
      const result = await tools[name](given, span);
      span.set({ 'gen_ai.tool.call.result': JSON.stringify(result) });
      return result;
    });
  } catch (error) {
    // The model is told, as in any agent: it may try again.
    return { error: error.message };
  }
}

async function lookupInvoice({ invoice_id: id }) {
  await sleep(40);
  return INVOICES[id] ?? { error: `invoice ${id} was not found` };
}

async function searchPolicies({ query }, parent) {
  return parent.span('retrieval handbook', { 'gen_ai.operation.name': 'retrieval', 'gen_ai.data_source.id': 'handbook', 'gen_ai.retrieval.query.text': query }, async (span) => {
    await sleep(25);
    const wanted = new Set(query.toLowerCase().split(/\W+/));
    const documents = POLICIES.map(({ id, content }) => ({ id, content, score: content.toLowerCase().split(/\W+/).filter((word) => wanted.has(word)).length / wanted.size })).sort((a, b) => b.score - a.score).slice(0, 2);
    span.set({ 'gen_ai.retrieval.documents': JSON.stringify(documents) });
    return documents;
  }, 3);
}

async function issueRefund({ invoice_id: id, amount }, parent) {
  return parent.span('POST /v1/refunds', { 'http.request.method': 'POST', 'url.full': 'https://payments.fernhill.example/v1/refunds' }, async (span) => {
    await sleep(refunds === 0 ? 300 : 110);
    // The payment provider is slow in the morning: its first answer comes too late.
    if (refunds++ === 0) throw Object.assign(new Error('the payment provider did not answer within 300 ms'), { name: 'TimeoutError' });
    span.set({ 'http.response.status_code': 201 });
    return { refunded: amount, charge: INVOICES[id].charges[1].id };
  }, 3);
}

/** The stand-in for a model: what to do next, by the messages alone. */
function decide(messages) {
  const asked = messages.findLastIndex((message) => message.role === 'user');
  const question = messages[asked].parts[0].content;
  const results = messages.slice(asked + 1).filter((message) => message.role === 'tool').map((message) => message.parts[0].response);
  const last = results.at(-1);
  const invoice = /\b[A-Z]-\d+\b/.exec(question)?.[0];
  if (invoice === undefined) return last === undefined ? use('search_policies', { query: question }) : say(last[0].content);
  if (last === undefined) return use('lookup_invoice', { invoice_id: invoice });
  if (last.charges) return last.charges.length > 1 ? use('issue_refund', { invoice_id: invoice, amount: last.charges[1].amount }) : say(`Invoice ${invoice} was charged once, ${last.charges[0].amount} euros.`);
  if (last.refunded) return say(`One of the two charges of invoice ${invoice} is on its way back: ${last.refunded} euros, within three working days.`);
  // It asks again with the very same arguments, as models do: a finding in its trace.
  if (results.length < 3) return INVOICES[invoice] ? use('issue_refund', { invoice_id: invoice, amount: INVOICES[invoice].charges[1].amount }) : use('lookup_invoice', { invoice_id: invoice });
  return say(`I cannot find invoice ${invoice}. Is its number right?`);
}

function use(name, given) {
  return { role: 'assistant', parts: [{ type: 'tool_call', id: `call_${randomBytes(4).toString('hex')}`, name, arguments: given }], finish_reason: 'tool_calls' };
}

function say(content) {
  return { role: 'assistant', parts: [text(content)], finish_reason: 'stop' };
}

function text(content) {
  return { type: 'text', content };
}

function messagesJson(messages) {
  return JSON.stringify(messages);
}

/** What the stand-in counts as tokens. */
function words(string) {
  return string.match(/\w+|[^\w\s]+/g)?.length ?? 0;
}
