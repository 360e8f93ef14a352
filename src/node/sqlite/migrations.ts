/**
 * The schema, one step a version: never edited once released, only appended to. `PRAGMA user_version` counts the steps taken.
 *
 * `run.n` is the narrow key of everything below a run; a cell's `ordinal` numbers it in the order of cases, models, repeats
 * (core/eval/ordinal). Lists, filters and sorting read the narrow rows; bodies are read one at a time.
 *
 * Of traces: `trace.n` is the narrow key. Spans and chunks of text are numbered `trace.n * 67108864 + sequence`
 * (core/trace/store/numbers), so that everything of one trace lies together, in the order of its arrival, in every table and in
 * the search index, and all numbers are exact in a double. Nanoseconds and span ids need all 64 bits: read them with safeIntegers,
 * or as differences and halves made by SQL, never as plain numbers.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE run (
    /* Never used again: another process may still hold the number of a run that was deleted. */
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT,
    prompt_id TEXT NOT NULL,
    prompt_path TEXT NOT NULL,
    status TEXT NOT NULL,
    /* Host, process and its start: tells whether the process that runs it is still there. */
    owner TEXT,
    heartbeat INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    duration_ms REAL NOT NULL DEFAULT 0,
    cases INTEGER NOT NULL,
    models INTEGER NOT NULL,
    repeats INTEGER NOT NULL,
    /* RunInfo without what has a column of its own. */
    info TEXT NOT NULL,
    /* The prompt as it was, and the options: what resuming and showing need, whatever becomes of the files. */
    plan TEXT NOT NULL,
    summary TEXT,
    revision INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX run_by_start ON run (started_at DESC);
  CREATE INDEX run_by_prompt ON run (prompt_path, started_at DESC);

  CREATE TABLE case_body (
    n INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    json TEXT NOT NULL
  ) STRICT;

  CREATE TABLE run_case (
    run INTEGER NOT NULL REFERENCES run (n) ON DELETE CASCADE,
    case_index INTEGER NOT NULL,
    case_id TEXT NOT NULL,
    slice TEXT,
    body INTEGER NOT NULL REFERENCES case_body (n),
    file TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (run, case_index)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX run_case_by_body ON run_case (body);
  CREATE INDEX run_case_by_file ON run_case (file, run);

  CREATE TABLE cell (
    run INTEGER NOT NULL REFERENCES run (n) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    error_code TEXT,
    pass INTEGER,
    score REAL,
    latency_ms REAL,
    cost REAL,
    input_tokens INTEGER,
    cached_tokens INTEGER,
    output_tokens INTEGER,
    reasoning_tokens INTEGER,
    cached INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    preview TEXT NOT NULL,
    multiline INTEGER NOT NULL,
    /* {metric: [score, sum of score × weight]}; null: none. */
    metrics TEXT,
    PRIMARY KEY (run, ordinal)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE cell_body (
    run INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    /* The output and everything else of CellResult, as JSON. */
    json TEXT NOT NULL,
    PRIMARY KEY (run, ordinal),
    FOREIGN KEY (run, ordinal) REFERENCES cell (run, ordinal) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE attempt (
    run INTEGER NOT NULL REFERENCES run (n) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    usage TEXT,
    PRIMARY KEY (run, ordinal, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE response (
    n INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    /* Null: shared by all runs (the response cache). Else kept for resuming this run only. */
    run INTEGER REFERENCES run (n) ON DELETE CASCADE,
    reply TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX response_by_run ON response (run) WHERE run IS NOT NULL;
  CREATE INDEX response_by_age ON response (created_at);
  `,
  `
  /* US dollars that a run with a budget may have spent, what is under way included: where its budget goes on when it resumes. */
  ALTER TABLE run ADD COLUMN spent_usd REAL NOT NULL DEFAULT 0;
  `,
  `
  /* Short texts that many rows repeat: names of spans, models, tools, services, errors, values of facets. */
  CREATE TABLE trace_text (
    n INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
  ) STRICT;

  /* Always what its spans say: written in the transaction that writes them. */
  CREATE TABLE trace (
    /* Never used again: what a reader holds must not become another trace. */
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    /* 16 bytes */
    id BLOB NOT NULL UNIQUE,
    /* Sequence of the next span or chunk of this trace. */
    next_sequence INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    name TEXT NOT NULL,
    /* Start of the span that gave the name; whether it is a root. */
    name_start_ns INTEGER NOT NULL,
    name_of_root INTEGER NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER,
    /* Null while a span runs. */
    duration_ns INTEGER,
    spans INTEGER NOT NULL,
    running INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    llm_calls INTEGER NOT NULL,
    tool_calls INTEGER NOT NULL,
    /* Sums over the spans whose usage counts; null: none reported any. Input is what was sent, cached or not. */
    tokens INTEGER,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cost REAL,
    priced INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,
    service TEXT,
    environment TEXT,
    session TEXT,
    user TEXT,
    /* Lists of texts, as JSON. */
    models TEXT NOT NULL,
    tags TEXT NOT NULL,
    /* 0 received, 1 imported, 2 tailed, 3 eval */
    origin INTEGER NOT NULL,
    project TEXT,
    /* Of its bodies and of the chunks that came with it first. */
    bytes INTEGER NOT NULL,
    /* Milliseconds since 1970 */
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX trace_by_start ON trace (start_ns);
  CREATE INDEX trace_by_start_not_eval ON trace (start_ns) WHERE origin <> 3;
  CREATE INDEX trace_by_duration ON trace (duration_ns);
  CREATE INDEX trace_by_cost ON trace (cost) WHERE cost IS NOT NULL;
  CREATE INDEX trace_by_tokens ON trace (tokens) WHERE tokens IS NOT NULL;
  CREATE INDEX trace_by_errors ON trace (errors) WHERE errors > 0;
  CREATE INDEX trace_by_session ON trace (session, start_ns) WHERE session IS NOT NULL;
  CREATE INDEX trace_by_update ON trace (updated_at);

  CREATE TABLE span (
    n INTEGER PRIMARY KEY,
    trace INTEGER NOT NULL,
    /* The 8 bytes as a signed integer, big endian. */
    id INTEGER NOT NULL,
    parent INTEGER,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER,
    /* trace_text */
    name INTEGER NOT NULL,
    /* Position in SPAN_KINDS */
    kind INTEGER NOT NULL,
    /* SPAN_FLAGS of protocol/traces and STORED_FLAGS of core/trace/store/numbers */
    flags INTEGER NOT NULL,
    /* 0 unset, 1 ok, 2 error, as the span means it */
    status INTEGER NOT NULL,
    /* trace_text; null: none */
    model INTEGER,
    tool INTEGER,
    service INTEGER,
    /* First line of what went wrong */
    error INTEGER,
    input_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_write_tokens INTEGER,
    output_tokens INTEGER,
    reasoning_tokens INTEGER,
    cost REAL
  ) STRICT;
  CREATE UNIQUE INDEX span_by_id ON span (trace, id);

  /* The span as it was sent, without loss (core/trace/store/span-body). */
  CREATE TABLE span_body (
    n INTEGER PRIMARY KEY,
    body TEXT NOT NULL
  ) STRICT;

  /* Missing parents with a model call somewhere below: when they come, their usage is known to be a repetition. */
  CREATE TABLE span_awaited (
    trace INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (trace, id)
  ) STRICT, WITHOUT ROWID;

  /* Messages, long values, resources and scopes: each once, whatever number of spans carries it. */
  CREATE TABLE chunk (
    n INTEGER PRIMARY KEY,
    /* 16 bytes of its SHA-256 */
    hash BLOB NOT NULL UNIQUE,
    /* 0: text. 1: text, deflated. */
    form INTEGER NOT NULL,
    body ANY NOT NULL
  ) STRICT;

  /*
   * Which spans carry a chunk, where its number does not say so: a chunk belongs to the trace of its number, and was brought by the
   * last span before it there. Rows: the first span of every other trace, and chunks that a later version of a span brought.
   */
  CREATE TABLE chunk_use (
    chunk INTEGER NOT NULL,
    trace INTEGER NOT NULL,
    span INTEGER NOT NULL,
    PRIMARY KEY (chunk, trace)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX chunk_use_by_trace ON chunk_use (trace);

  /* What a trace can be found by. Keys: FACETS of core/trace/store/facets. */
  CREATE TABLE trace_facet (
    key INTEGER NOT NULL,
    /* trace_text */
    value INTEGER NOT NULL,
    trace INTEGER NOT NULL,
    PRIMARY KEY (key, value, trace)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX trace_facet_by_trace ON trace_facet (trace);

  /* Rows: spans (names, errors, short attributes) and chunks, by their numbers. */
  CREATE VIRTUAL TABLE trace_search USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61');
  /* More pieces of the index lie beside each other before they are merged: a third less work under load. They are merged when nothing comes. */
  INSERT INTO trace_search (trace_search, rank) VALUES ('automerge', 16);

  CREATE TABLE trace_log (
    n INTEGER PRIMARY KEY,
    /* 16 bytes of the SHA-256 of its body: a record that is sent again is the same one. */
    hash BLOB NOT NULL UNIQUE,
    /* 16 bytes */
    trace_id BLOB,
    span_id INTEGER,
    time_ns INTEGER NOT NULL,
    session TEXT,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    /* Milliseconds since 1970 when it came. */
    at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX trace_log_by_trace ON trace_log (trace_id, span_id) WHERE trace_id IS NOT NULL;
  CREATE INDEX trace_log_by_session ON trace_log (session, time_ns) WHERE session IS NOT NULL;
  CREATE INDEX trace_log_by_age ON trace_log (at);

  /* Whose log records and spans have not been brought together yet: ids of traces (16 bytes), names of sessions. */
  CREATE TABLE trace_unjoined (
    key ANY PRIMARY KEY
  ) STRICT, WITHOUT ROWID;

  /* Numbers of traces that were deleted and whose spans and chunks have not all gone yet. */
  CREATE TABLE trace_removed (
    n INTEGER PRIMARY KEY
  ) STRICT;

  /* What could not be taken, for the user to look at: the newest, bounded in number and size. */
  CREATE TABLE trace_rejection (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    /* The path that was posted to, or the file. */
    place TEXT NOT NULL,
    location TEXT NOT NULL,
    reason TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL
  ) STRICT;

  CREATE TABLE tail_position (
    path TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    offset INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  /* spans, logs, metrics, rejected, requests; received at: milliseconds since 1970 */
  CREATE TABLE trace_count (
    key TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE trace_sender (
    service TEXT NOT NULL,
    scope TEXT NOT NULL,
    spans INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (service, scope)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  /*
   * What a person thinks of a case of a comparison. A side is one model of one run; the one with the smaller number stands on the left
   * here, so that turning a comparison round keeps its verdicts. Rows stay when a verdict is taken back: their changes count.
   */
  CREATE TABLE comparison_verdict (
    left_run INTEGER NOT NULL REFERENCES run (n) ON DELETE CASCADE,
    left_model INTEGER NOT NULL,
    right_run INTEGER NOT NULL REFERENCES run (n) ON DELETE CASCADE,
    right_model INTEGER NOT NULL,
    case_index INTEGER NOT NULL,
    /* left, right, tie; null: taken back */
    verdict TEXT,
    author TEXT NOT NULL,
    /* Milliseconds since 1970 */
    at INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    PRIMARY KEY (left_run, left_model, right_run, right_model, case_index)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX comparison_verdict_by_right ON comparison_verdict (right_run);
  `,
  `
  /* The hashes of chunks in a table of their own, which is written in pieces that lie together: in an index of the table each new chunk changed a page. */
  CREATE TABLE chunk_moved (
    n INTEGER PRIMARY KEY,
    /* 0: text. 1: text, deflated. */
    form INTEGER NOT NULL,
    body ANY NOT NULL
  ) STRICT;
  CREATE TABLE chunk_key (
    /* The first 6 bytes of its SHA-256: whoever looks for a text compares it. */
    hash INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (hash, n)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO chunk_moved SELECT n, form, body FROM chunk ORDER BY n;
  INSERT INTO chunk_key SELECT ${numberOfHex('hex(hash)', 12)} AS number, n FROM chunk ORDER BY number;
  DROP TABLE chunk;
  ALTER TABLE chunk_moved RENAME TO chunk;

  /*
   * Numbers of spans and chunks that an index has not been told of yet. Of spans' rows in trace_search and of chunks' in chunk_key: those
   * that have a row. A chunk has a row of its own in trace_search since another trace uses it, or where a later version of a span brought it; else it
   * is found with the span that brought it.
   */
  CREATE TABLE index_behind (
    /* 0 trace_search, 1 chunk_key */
    kind INTEGER NOT NULL,
    first INTEGER NOT NULL,
    /* That number alone, or the last one that its trace can have. */
    last INTEGER NOT NULL,
    PRIMARY KEY (kind, first)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  /* Which prompt rendered which call of a model (node/sqlite/call-prompts); spans by their numbers. */
  CREATE TABLE call_prompt (
    span INTEGER PRIMARY KEY,
    prompt TEXT NOT NULL,
    /* Hash; 'working': as the file was when it was looked at; empty: not known which. */
    version TEXT NOT NULL,
    /* As people search for it: v7 */
    version_name TEXT,
    /* 1: the app named it. */
    said INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX call_prompt_by_prompt ON call_prompt (prompt);

  /* What people and programs said of these calls, as far as it is a number. */
  CREATE TABLE call_score (
    span INTEGER NOT NULL,
    name TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (span, name)
  ) STRICT, WITHOUT ROWID;

  /* Traces whose calls were looked at, at which revision, and with which prompts. */
  CREATE TABLE call_prompt_seen (
    trace INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    templates TEXT NOT NULL
  ) STRICT;
  `,
  `
  /* Errors that only a result or a verdict tells count among the errors of a trace; how many of them there are. Bits of flags: 1 error, 16 hiddenError. */
  ALTER TABLE trace ADD COLUMN hidden_errors INTEGER NOT NULL DEFAULT 0;
  UPDATE trace SET hidden_errors = hidden.spans, errors = errors + hidden.spans
    FROM (SELECT trace, count(*) AS spans FROM span WHERE flags & 16 AND NOT flags & 1 GROUP BY trace) AS hidden
   WHERE trace.n = hidden.trace;
  `,
  `
  /* Which traces were fetched from a source (touchstone.yml), and how to ask for them again. */
  CREATE TABLE trace_fetched (
    /* trace.id */
    trace_id BLOB PRIMARY KEY,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    /* A page of the source; null: it has none. */
    link TEXT,
    /* JSON: what the source knows the trace by (RemoteIds). */
    ids TEXT NOT NULL,
    /* JSON: what was cut or missing. */
    notes TEXT NOT NULL,
    /* Milliseconds since 1970 */
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER trace_fetched_gone AFTER DELETE ON trace BEGIN DELETE FROM trace_fetched WHERE trace_id = old.id; END;
  `,
  `
  /* By what traces of one name are told apart (core/trace/store/preview), and the start and kind of the span that gave it. Empty for traces from before. */
  ALTER TABLE trace ADD COLUMN preview TEXT;
  ALTER TABLE trace ADD COLUMN preview_start_ns INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE trace ADD COLUMN preview_of_call INTEGER NOT NULL DEFAULT 0;
  `,
  `
  /* Nanoseconds from the start of a call to its first token; null: not known, or the span is from before. */
  ALTER TABLE span ADD COLUMN first_token_ns INTEGER;
  `,
  `
  /* By what two outputs are compared without being read (digestOf); null: the preview is the whole output, there is none, or the cell is from before. */
  ALTER TABLE cell ADD COLUMN output_digest INTEGER;
  `,
];

/** SQL that reads the first digits of a text as a hexadecimal number: SQLite has no function for it. */
function numberOfHex(text: string, digits: number): string {
  return Array.from({ length: digits }, (_, at) => `(instr('123456789ABCDEF', substr(${text}, ${at + 1}, 1)) << ${4 * (digits - 1 - at)})`).join(' + ');
}
