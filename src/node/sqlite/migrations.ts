/**
 * The schema, one step a version: never edited once released, only appended to. `PRAGMA user_version` counts the steps taken.
 *
 * `run.n` is the narrow key of everything below a run; a cell's `ordinal` numbers it in the order of cases, models, repeats
 * (core/eval/ordinal). Lists, filters and sorting read the narrow rows; bodies are read one at a time.
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
];
