/** What a file of the corpus holds. */
export interface CorpusRow {
  /** `null`: no traces. */
  readonly format: keyof typeof INDEPENDENT | null;
  readonly spans: number;
  /** By trace and span id: some files hold a span twice. */
  readonly distinct: number;
  readonly logs: number;
  readonly traces: number;
  readonly rejected: number;
}

const row = (format: CorpusRow['format'], spans: number, traces = 1, others: Partial<CorpusRow> = {}): CorpusRow => ({ format, spans, distinct: spans, logs: 0, traces, rejected: 0, ...others });

/**
 * Every file below corpus/traces. The counts were taken from the files with Python's json module, apart from the code they check:
 * spans, runs, observations and entries that the files hold, and for recorded conversations one span for the run, one for each
 * answer of the model, one for each call of a tool. INDEPENDENT repeats that count on the text.
 */
export const CORPUS: Readonly<Record<string, CorpusRow>> = {
  'genkit/trace.json': row('genkit', 4),
  'jaeger-ui/genaiTestTrace.json': row('jaeger', 57),
  // one span, twice
  'jaeger-ui/otlp2jaeger-in.json': row('otlp', 2, 1, { distinct: 1 }),
  'jaeger-ui/otlp2jaeger-out.json': row('jaeger', 2, 1, { distinct: 1 }),
  'langfuse/agno-2025-06-11.json': row('langfuse', 6),
  'langfuse/beeai-2025-08-01.json': row('langfuse', 29),
  'langfuse/google-adk-2025-08-28.json': row('langfuse', 5),
  'langfuse/langgraph-2025-08-22.json': row('langfuse', 9),
  'langfuse/llamaindex-2025-06-05.json': row('langfuse', 2),
  // a list of products, no trace: it tries viewers of JSON
  'langfuse/nested_json.json': row(null, 0, 0, { rejected: 1 }),
  'langfuse/openai-agents-2025-09-30.json': row('langfuse', 5),
  'langfuse/pydantic-ai-tools-2025-12-04.json': row('langfuse', 12),
  // a post and a patch of one run
  'langsmith/langsmith_py_wrap_openai_reasoning.json': row('langsmith', 1),
  // bags of attributes
  'langwatch/codex-B.session_task_turn.json': row('attributes', 1),
  'langwatch/opencode-B.doStream.json': row('attributes', 1),
  'otlp/events.json': row('otlp', 0, 0, { logs: 1 }),
  'otlp/logs.json': row('otlp', 0, 0, { logs: 1 }),
  'otlp/otel_traces_01.json': row('otlp', 4, 2),
  'otlp/trace.json': row('otlp', 1),
  // 11 and 12 steps, each a call and an action, and the run
  'swe-agent/marshmallow-1867.function_calling.traj': row('swe-agent', 23),
  'swe-agent/pydicom-1458.traj': row('swe-agent', 25),
  // 100 runs, 1,229 answers, 572 calls of tools
  'tau-bench/gpt-4o-airline.part1.json': row('tau-bench', 1901, 100),
  // entries of the history, and the run
  'whowhen/ag-103.json': row('whowhen', 11),
  'whowhen/ag-104.json': row('whowhen', 11),
  'whowhen/ag-108.json': row('whowhen', 11),
  'whowhen/ag-109.json': row('whowhen', 11),
  'whowhen/ag-110.json': row('whowhen', 10),
  'whowhen/ag-122.json': row('whowhen', 11),
  'whowhen/ag-14.json': row('whowhen', 11),
  'whowhen/ag-20.json': row('whowhen', 11),
  'whowhen/hc-15.json': row('whowhen', 130),
  'whowhen/hc-51.json': row('whowhen', 124),
  'whowhen/hc-8.json': row('whowhen', 130),
};

/** Occurrences of a key outside of strings: within a string its quotes would be escaped. */
function keys(text: string, key: string): number {
  return text.match(new RegExp(`(?<!\\\\)"${key}"\\s*:`, 'g'))?.length ?? 0;
}

/** How many spans and log records a file of the format holds, counted on its text and not by reading it. */
export const INDEPENDENT = {
  otlp: (text: string) => keys(text, 'startTimeUnixNano') + keys(text, 'observedTimeUnixNano'),
  jaeger: (text: string) => keys(text, 'operationName'),
  langfuse: (text: string) => keys(text, 'parentObservationId'),
  genkit: (text: string) => keys(text, 'spanKind'),
  langsmith: (text: string) => keys(text, 'run_type'),
  attributes: (text: string) => keys(text, 'spanName'),
  'swe-agent': (text: string) => 1 + 2 * keys(text, 'observation'),
  'tau-bench': (text: string) => keys(text, 'reward_info') + (text.match(/"role": "assistant"/g)?.length ?? 0) + (text.match(/"type": "function"/g)?.length ?? 0),
  whowhen: (text: string) => 1 + (text.match(/(?<!\\)"role": "/g)?.length ?? 0),
  none: () => 0,
} as const;
