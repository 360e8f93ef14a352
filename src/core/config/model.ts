import type { PathRule } from '../code/path-rules.ts';
import type { JsonObject } from '../json.ts';
import type { ModelPrice } from '../model/model.ts';
import type { Diagnostic } from '../text/diagnostic.ts';
import type { SourceRange } from '../text/position.ts';

/** `openai-compatible`: any endpoint that speaks OpenAI's chat completions; it needs a `baseUrl`. */
export const MODEL_PROVIDERS = ['openai', 'azure', 'openai-compatible', 'vscode', 'exec', 'http', 'replay', 'file', 'echo', 'local'] as const;
export type ModelProvider = (typeof MODEL_PROVIDERS)[number];

/**
 * One entry of `models:` in touchstone.yml. Its key is what prompt files write in `model:`: a whole id
 * (`openai/gpt-5-mini`), an alias (`fast`), or a publisher (`openai/*`) whose models all go the same way.
 */
export interface ModelEntry {
  readonly provider: ModelProvider;
  /** The name the endpoint knows; absent: the key itself, or for `publisher/*` what follows the slash. */
  readonly model?: string;
  readonly baseUrl?: string;
  /** A reference, `${env:NAME}`: never a key itself. */
  readonly apiKey?: SecretReference;
  readonly organization?: string;
  /** A value may hold `${env:NAME}`, which is resolved when the request is made. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly api?: 'chat' | 'responses';
  /** Azure. */
  readonly apiVersion?: string;
  readonly deployment?: string;
  /** Milliseconds for one whole attempt. */
  readonly timeoutMs?: number;
  readonly price?: ModelPrice;
  /** `exec`: the command line, run in the folder of touchstone.yml. */
  readonly command?: string;
  /** `http`: where the case is posted. */
  readonly url?: string;
  /** `replay` and `file`: absolute path. */
  readonly file?: string;
  /** Sent with every request unless the prompt sets them. */
  readonly parameters?: JsonObject;
  /** Every other key, as written, for the provider (`method`, `body`, `output`, …). */
  readonly extra: JsonObject;
  readonly range: SourceRange;
}

/** The name of a secret: asked of the editor's secret store, or read from the environment on the command line. */
export interface SecretReference {
  readonly env: string;
}

/** A file, or a pattern of files, whose traces are read as they are written. */
export interface TraceSource {
  /** As written: relative to the folder of touchstone.yml, absolute, or below the home folder (`~/…`). */
  readonly path: string;
  /** `end`: what a file holds when it is met for the first time is left alone. */
  readonly from: 'start' | 'end';
  readonly range: SourceRange;
}

/** Tools that keep traces and can be asked for them. `sqlite`: a database of Touchstone that several people reach. */
export const SOURCE_TYPES = ['langfuse', 'langsmith', 'phoenix', 'opik', 'weave', 'jaeger', 'tempo', 'clickhouse', 'datadog', 'honeycomb', 'logfire', 'sqlite'] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];

/** A backend that is asked for traces: an entry of `traces.sources` with a `type`. */
export interface BackendSource {
  readonly name: string;
  readonly type: SourceType;
  /** Where its interface is asked, without a slash at its end; of `sqlite` empty. */
  readonly url: string;
  /** Where its pages are: links to them are this source's. */
  readonly app: string;
  /** `sqlite`: the file, absolute. */
  readonly path?: string;
  /** As the backend names it; weave: `entity/project`. */
  readonly project?: string;
  /** LangSmith's tenant, Opik's workspace, Tempo's `X-Scope-OrgID`. */
  readonly tenant?: string;
  /** Tempo through Grafana: the uid of the data source. */
  readonly datasource?: string;
  /** ClickHouse. */
  readonly database?: string;
  readonly table?: string;
  readonly logsTable?: string;
  /** Its one key: a token, the secret key, the password. */
  readonly key?: SecretReference;
  /** What goes before the key in basic authentication (Langfuse: the public key): as it is, or a reference. */
  readonly user?: string | SecretReference;
  /** Datadog's second key. */
  readonly applicationKey?: SecretReference;
  /** A person's scores may be sent to it. */
  readonly annotate: boolean;
  /** Milliseconds without a byte before it is given up. */
  readonly timeoutMs?: number;
  readonly range: SourceRange;
}

/** Who may send to the receiver of traces besides the programs of this machine. */
export interface ReceiverConfig {
  /** Pages that may send from a browser, as `http://localhost:3000`. */
  readonly origins: readonly string[];
  /** Names by which senders reach this machine, without ports. */
  readonly hosts: readonly string[];
  /** Which every sender must show. */
  readonly token?: SecretReference;
}

export interface RateLimits {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
}

/** `touchstone.yml` at the workspace folder's root. Every part has a default; without the file all of it is empty. */
export interface ProjectConfig {
  /** Absolute path, whether or not the file exists. */
  readonly path: string;
  readonly models: Readonly<Record<string, ModelEntry>>;
  /** US dollars per million tokens, by model id; they replace rows of the price table. */
  readonly prices: Readonly<Record<string, ModelPrice>>;
  /** Prompt id (or a glob over prompt ids) → absolute paths or patterns of its golden dataset. */
  readonly datasets: Readonly<Record<string, readonly string[]>>;
  /** Model id of the judge for checks that name none. */
  readonly judge?: string;
  /** Model id of the embeddings for `similar`; absent: the local ones. */
  readonly embedding?: string;
  /** US dollars that one run may cost; `null`: no limit. */
  readonly budgetUsd: number | null;
  /** Requests under way at once; `null`: the program's default. */
  readonly concurrency: number | null;
  /** By endpoint (the start of a model's endpoint, such as `https://api.openai.com`) or model id; `*`: every endpoint. */
  readonly limits: Readonly<Record<string, RateLimits>>;
  /** Names of the pointers to versions, in the order in which a version passes through them. */
  readonly environments: readonly string[];
  /** Where paths of programs lie in this workspace. */
  readonly code: readonly PathRule[];
  readonly traces: { readonly sources: readonly TraceSource[]; readonly backends: readonly BackendSource[]; readonly receiver?: ReceiverConfig };
  readonly diagnostics: readonly Diagnostic[];
}
