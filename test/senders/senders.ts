/** The SDKs that are really run against the receiver, and what each of them sends: what is not said here must be right in full. */
export interface Sender {
  readonly name: string;
  /** Its folder beside this file: a package of its own with the SDK, and `agent.mjs`. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs in `npm test`; Genkit, whose installation is by far the largest, in `npm run test:long`. */
  readonly quick: boolean;
  readonly sends: Sends;
}

export interface Sends {
  /** Kind of the root span. */
  readonly root: 'agent' | 'chain';
  /** The spans that hold the conversation where another instrumentation of the same calls sends less. */
  readonly conversationIn?: string;
  /** `id`: no more than the id of the answer, because the vendor has the rest. */
  readonly conversation?: 'id';
  /** `sums`: neither cached nor reasoning tokens apart; `cached`: cached tokens, no reasoning. */
  readonly tokens?: 'sums' | 'cached';
  /** Spans of these kinds carry the usage that counts. */
  readonly usageIn?: 'chain';
  /** Tools are named on the agent's span, and defined nowhere. */
  readonly offered?: 'names';
  /** Reads its own tool definitions: their schemas are not those of the task. */
  readonly ownSchemas?: boolean;
  /** The spans of tools name the call that they answer. */
  readonly callIds?: boolean;
  /** Reasons for which the model stopped, as the SDK words them; none: it sends none. */
  readonly reasons?: readonly [call: string, end: string];
  readonly session?: 'none' | 'session';
}

const otlp = (protocol: string): Sender => ({ name: `OpenTelemetry JS over ${protocol}`, folder: 'otel', env: { OTEL_EXPORTER_OTLP_PROTOCOL: protocol }, quick: true, sends: { root: 'agent', callIds: true, reasons: ['tool_calls', 'stop'] } });
const vercel = (version: number, sends: Partial<Sends>, env: Readonly<Record<string, string>> = {}): Sender => ({
  name: `Vercel AI SDK ${version}${'AI_STREAM' in env ? ', streaming' : 'AI_API' in env ? ', responses API' : ''}`, folder: 'vercel', env: { AI_SDK: String(version), ...env }, quick: true, sends: { root: 'chain', callIds: true, reasons: ['tool-calls', 'stop'], ...sends },
});
const LANGSMITH = { LANGSMITH_TRACING: 'true', LANGSMITH_API_KEY: 'none' };

export const SENDERS: readonly Sender[] = [
  otlp('http/json'),
  otlp('http/protobuf'),
  otlp('grpc'),
  { name: 'OpenInference (OpenAI)', folder: 'openinference', env: {}, quick: true, sends: { root: 'agent' } },
  { name: 'OpenInference (OpenAI), responses API', folder: 'openinference', env: { OPENAI_API: 'responses' }, quick: true, sends: { root: 'agent' } },
  { name: 'OpenLLMetry', folder: 'traceloop', env: {}, quick: true, sends: { root: 'chain', tokens: 'sums', reasons: ['tool_call', 'stop'] } },
  vercel(4, {}),
  // Its telemetry names neither.
  vercel(5, { tokens: 'sums' }),
  vercel(6, {}),
  vercel(6, {}, { AI_STREAM: '1' }),
  vercel(6, {}, { AI_API: 'responses' }),
  vercel(7, { root: 'agent' }),
  { name: 'Langfuse', folder: 'langfuse', env: {}, quick: true, sends: { root: 'agent' } },
  { name: 'LangSmith, its API', folder: 'langsmith', env: LANGSMITH, quick: true, sends: { root: 'chain', reasons: ['tool_calls', 'stop'] } },
  { name: 'LangSmith, its API, with tools that take long', folder: 'langsmith', env: { ...LANGSMITH, TOOL_MS: '900' }, quick: true, sends: { root: 'chain', reasons: ['tool_calls', 'stop'] } },
  { name: 'LangSmith, its API, responses API', folder: 'langsmith', env: { ...LANGSMITH, OPENAI_API: 'responses' }, quick: true, sends: { root: 'chain' } },
  { name: 'LangSmith over OpenTelemetry', folder: 'langsmith', env: { ...LANGSMITH, LANGSMITH_OTEL_ENABLED: 'true' }, quick: true, sends: { root: 'chain', reasons: ['tool_calls', 'stop'] } },
  { name: 'LangChain', folder: 'langgraph', env: { ...LANGSMITH, FRAMEWORK: 'langchain' }, quick: true, sends: { root: 'agent', callIds: true, reasons: ['tool_calls', 'stop'] } },
  { name: 'LangGraph', folder: 'langgraph', env: { ...LANGSMITH, FRAMEWORK: 'langgraph' }, quick: true, sends: { root: 'chain', callIds: true, reasons: ['tool_calls', 'stop'] } },
  { name: 'LlamaIndex', folder: 'llamaindex', env: {}, quick: true, sends: { root: 'agent', conversationIn: 'openinference', tokens: 'sums' } },
  { name: 'OpenAI Agents, chat API', folder: 'openai-agents', env: { OPENAI_API: 'chat' }, quick: true, sends: { root: 'chain', offered: 'names', reasons: ['tool_calls', 'stop'], session: 'session' } },
  { name: 'OpenAI Agents, responses API', folder: 'openai-agents', env: { OPENAI_API: 'responses' }, quick: true, sends: { root: 'chain', conversation: 'id', tokens: 'cached', usageIn: 'chain', offered: 'names', session: 'session' } },
  { name: 'Genkit', folder: 'genkit', env: { GENKIT_ENV: 'dev' }, quick: false, sends: { root: 'chain', ownSchemas: true, reasons: ['stop', 'stop'], session: 'none' } },
];
