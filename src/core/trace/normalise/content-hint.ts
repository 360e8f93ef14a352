import type { ContentForm, Message, SpanKind } from '../model.ts';

/** How each SDK is told to send what was said. First match by dialect. */
const SWITCHES: readonly (readonly [dialect: string, advice: string])[] = [
  ['claude-code', 'set OTEL_LOG_USER_PROMPTS=1 for prompts, OTEL_LOG_TOOL_DETAILS=1 and OTEL_LOG_TOOL_CONTENT=1 for tools, and export logs (OTEL_LOGS_EXPORTER=otlp)'],
  ['codex', 'set log_user_prompt = true below [otel] in Codex’s config.toml, and export logs'],
  ['copilot-chat', 'switch on github.copilot.chat.otel.captureContent'],
  ['vercel-ai', 'set recordInputs and recordOutputs to true in the call’s telemetry settings'],
  ['openinference', 'unset OPENINFERENCE_HIDE_INPUTS and OPENINFERENCE_HIDE_OUTPUTS'],
  ['openllmetry', 'set TRACELOOP_TRACE_CONTENT=true'],
  ['openai-agents', 'the Agents SDK sends OpenAI no more than the id of a response; use the chat API (useResponses: false), or a tracing processor of your own that sends the response'],
  ['logfire', 'set include_content=True in the instrumentation settings'],
  ['otel-genai', 'set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true (some SDKs want span_only or span_and_event)'],
];

const REDACTED = /^(?:<REDACTED>|__REDACTED__|\[Scrubbed due to .{0,200}\])$/;

interface Spoken {
  readonly kind: SpanKind;
  readonly dialects: readonly string[];
  readonly running: boolean;
  readonly input: unknown;
  readonly inputForm: ContentForm | null;
  readonly output: unknown;
  readonly outputForm: ContentForm | null;
  readonly failed: boolean;
  readonly toolArguments: unknown;
  readonly toolResult: unknown;
}

/** When a model's or tool's content is not there, or was redacted: what to do about it. */
export function contentHint(span: Spoken): string | null {
  const missing = missingOf(span);
  if (missing === null) return null;
  const advice = SWITCHES.find(([dialect]) => span.dialects.includes(dialect))?.[1];
  return advice === undefined ? null : `${missing}: ${advice}`;
}

function missingOf(span: Spoken): string | null {
  if (isRedacted(span.input) || isRedacted(span.output)) return 'The content was redacted by the sender';
  // SDKs set attributes until a span ends
  if (span.running) return null;
  if (span.kind === 'llm') {
    if (span.inputForm === null) return span.outputForm === null ? 'The messages were not sent' : 'The input was not sent';
    return span.outputForm === null && !span.failed ? 'The output was not sent' : null;
  }
  const silent = span.inputForm === null && span.outputForm === null && span.toolArguments === null && span.toolResult === null;
  return span.kind === 'tool' && silent ? 'The arguments and the result were not sent' : null;
}

function isRedacted(content: unknown): boolean {
  if (typeof content === 'string') return REDACTED.test(content);
  if (!Array.isArray(content)) return false;
  return (content as (Message | null)[]).some((message) => message?.parts?.some((part) => part.type === 'text' && REDACTED.test(part.text)) === true);
}
