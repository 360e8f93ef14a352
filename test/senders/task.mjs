/**
 * What every sender's agent does: it asks a model that has two tools about the weather, calls what the model asks for, and gives
 * its answer. The model is scripted (test/fixtures/servers/agent-model.ts), so what must be seen of a run is known beforehand.
 */
export const MODEL = 'touchstone-test-model';
export const AGENT = 'weather-agent';
export const SYSTEM = 'You answer questions about the weather. Use your tools.';
export const QUESTION = 'What is the weather in Bern, in Fahrenheit?';
export const SESSION = 'session-7';
export const USER = 'user-7';
/** Base URL of the model's API, `http://127.0.0.1:PORT/v1`. */
export const MODEL_URL = process.env.MODEL_URL;
/** Of the receiver, `http://127.0.0.1:PORT`. */
export const RECEIVER_URL = process.env.RECEIVER_URL;

/** @type {Readonly<Record<string, { readonly description: string, readonly parameters: { readonly type: string, readonly properties: Readonly<Record<string, object>>, readonly required: readonly string[], readonly additionalProperties: boolean }, run(args: Readonly<Record<string, any>>): object }>>} */
export const TOOLS = {
  get_weather: {
    description: 'Current weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
    run: ({ city }) => ({ city, celsius: 4, sky: 'rain' }),
  },
  convert_temperature: {
    description: 'Converts degrees Celsius to Fahrenheit',
    parameters: { type: 'object', properties: { celsius: { type: 'number' } }, required: ['celsius'], additionalProperties: false },
    run: ({ celsius }) => ({ fahrenheit: (celsius * 9) / 5 + 32 }),
  },
};

/** As OpenAI's chat API takes them. */
export const OPENAI_TOOLS = Object.entries(TOOLS).map(([name, { description, parameters }]) => ({ type: 'function', function: { name, description, parameters } }));

/**
 * The agent's loop over OpenAI's chat API.
 * @param {(request: any) => Promise<any>} ask what `chat.completions.create` takes and answers
 * @param {(name: string, args: any, id: string) => unknown} [callTool] by default calls the tool
 * @returns {Promise<string>} the model's last text
 */
export async function runAgent(ask, callTool = (name, args) => TOOLS[name]?.run(args)) {
  /** @type {object[]} */
  const messages = [{ role: 'system', content: SYSTEM }, { role: 'user', content: QUESTION }];
  for (let turn = 0; turn < 5; turn++) {
    const answer = await ask({ model: MODEL, temperature: 0.2, tools: OPENAI_TOOLS, messages: [...messages] });
    const { message } = answer.choices[0];
    if (!message.tool_calls?.length) return message.content;
    messages.push({ role: 'assistant', content: message.content, tool_calls: message.tool_calls });
    for (const call of message.tool_calls) {
      const result = await callTool(call.function.name, JSON.parse(call.function.arguments), call.id);
      messages.push({ role: 'tool', tool_call_id: call.id, content: JSON.stringify(result) });
    }
  }
  throw new Error('The model does not come to an end.');
}

/**
 * The same over OpenAI's responses API.
 * @param {(request: any) => Promise<any>} ask what `responses.create` takes and answers
 * @param {(name: string, args: any, id: string) => unknown} callTool
 * @returns {Promise<string>}
 */
export async function runAgentOnResponses(ask, callTool) {
  /** @type {object[]} */
  const input = [{ role: 'system', content: SYSTEM }, { role: 'user', content: QUESTION }];
  const tools = OPENAI_TOOLS.map((tool) => ({ type: 'function', ...tool.function, strict: true }));
  for (let turn = 0; turn < 5; turn++) {
    const { output } = await ask({ model: MODEL, temperature: 0.2, store: false, tools, input: [...input] });
    /** @type {any[]} */
    const calls = output.filter((/** @type {any} */ item) => item.type === 'function_call');
    if (calls.length === 0) return output.flatMap((/** @type {any} */ item) => item.content ?? []).map((/** @type {any} */ part) => part.text).join('');
    for (const { call_id, name, arguments: args } of calls) {
      input.push({ type: 'function_call', call_id, name, arguments: args });
      input.push({ type: 'function_call_output', call_id, output: JSON.stringify(await callTool(name, JSON.parse(args), call_id)) });
    }
  }
  throw new Error('The model does not come to an end.');
}

/**
 * The agent's loop over the API that OPENAI_API names: `chat` (default) or `responses`.
 * @param {any} client OpenAI's
 * @param {(name: string, args: any, id: string) => unknown} callTool
 * @returns {Promise<string>}
 */
export function runAgentOn(client, callTool) {
  return process.env.OPENAI_API === 'responses' ? runAgentOnResponses((request) => client.responses.create(request), callTool) : runAgent((request) => client.chat.completions.create(request), callTool);
}

/**
 * Asks the model without an SDK.
 * @param {object} request
 * @returns {Promise<any>}
 */
export async function askModel(request) {
  const response = await fetch(`${MODEL_URL}/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) });
  if (!response.ok) throw new Error(`The model answered ${response.status}.`);
  return response.json();
}
