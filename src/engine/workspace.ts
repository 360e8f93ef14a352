import { randomUUID } from 'node:crypto';
import type { ProjectConfig } from '../core/config/model.ts';
import { readProjectConfig } from '../core/config/read.ts';
import { TouchstoneError } from '../core/errors.ts';
import type { FileReader } from '../core/files.ts';
import type { JsonObject } from '../core/json.ts';
import type { ModelCatalog } from '../core/model/model.ts';
import { createRedactor, type Redactor } from '../core/model/redact.ts';
import { receiverEnvironment } from '../core/trace/receiver-environment.ts';
import { createFileReader, overlayFiles } from '../node/files/index.ts';
import { createModelCatalog } from '../node/models/catalog.ts';
import type { EditorModels } from '../node/models/editor-model.ts';
import { openDatabase } from '../node/sqlite/database.ts';
import { createScorer } from '../node/scoring/index.ts';
import { RunStore } from '../node/sqlite/run-store.ts';
import type { EngineHost, EngineSettings, TextOverlay } from '../protocol/engine.ts';
import { Grid } from './grid.ts';
import { contextOf } from './score-context.ts';

const CACHE_DAYS = 30;

/** One workspace folder: its settings, its files, its database and its models. Everything opens on first use. */
export class Workspace {
  /** Replaced when a setting changes. */
  settings: EngineSettings;
  /** Ports at which traces of this workspace are received now. */
  receiver: { readonly http: number; readonly grpc: number | null } | null = null;
  readonly redactor: Redactor;
  /** What this program is for others on the same workspace. */
  readonly owner: string;
  readonly #host: EngineHost;
  #store: Promise<{ store: RunStore; grid: Grid }> | undefined;
  #closed = false;
  readonly #disk: FileReader;
  /** Called with the database once it is open. */
  onOpened: ((database: RunStore['database']) => void) | undefined;

  constructor(settings: EngineSettings, host: EngineHost, redactor: Redactor = createRedactor()) {
    this.settings = settings;
    this.redactor = redactor;
    this.#disk = createFileReader({ root: settings.folder });
    this.#host = host;
    this.owner = host.name ?? 'another program';
  }

  get folder(): string {
    return this.settings.folder;
  }

  /** The files as the editor has them: unsaved texts lie over the disk. */
  files(overlays: readonly TextOverlay[] = []): FileReader {
    return overlays.length === 0 ? this.#disk : overlayFiles(this.#disk, overlays);
  }

  config(files: FileReader): Promise<ProjectConfig> {
    return readProjectConfig(this.folder, { files });
  }

  /** @throws TouchstoneError 'invalid-config' with the place, when touchstone.yml cannot be used */
  async usableConfig(files: FileReader): Promise<ProjectConfig> {
    const config = await this.config(files);
    const problem = config.diagnostics.find(({ severity }) => severity === 'error');
    if (problem !== undefined) {
      const { line, character } = problem.range.start;
      throw new TouchstoneError('invalid-config', problem.message, { place: { file: config.path, line: line + 1, column: character + 1 } });
    }
    return config;
  }

  /** Models under one configuration. The caller disposes of it: programs that models started end with it. */
  catalog(config: ProjectConfig): ModelCatalog {
    const scorer = createScorer({ allowCode: this.settings.trusted });
    const catalog = createModelCatalog({
      config,
      baseDir: this.folder,
      redactor: this.redactor,
      trusted: this.settings.trusted,
      idleTimeoutMs: this.settings.idleTimeoutMs,
      proxy: this.settings.proxy,
      secrets: (name) => this.secret(name),
      editor: editorModels(this.#host),
      tracing: () => (this.receiver === null ? {} : receiverEnvironment(this.receiver, process.env)),
      evaluate: (expression, vars, signal) => scorer.transform(expressionOver(expression, vars), contextOf(vars), signal),
    });
    return {
      resolve: (ref) => catalog.resolve(ref),
      embedding: (id) => catalog.embedding(id),
      list: () => catalog.list(),
      price: (model) => catalog.price(model),
      dispose: async () => {
        await catalog.dispose();
        await scorer.dispose();
      },
    };
  }

  /** A secret by its name; `null`: nobody has set it. `origin`: where it would be shown. */
  async secret(name: string, origin?: string): Promise<string | null> {
    return (await this.#host.request('secret/get', { name, ...(origin === undefined ? {} : { origin }) })).value;
  }

  async store(): Promise<RunStore> {
    return (await this.#open()).store;
  }

  async grid(): Promise<Grid> {
    return (await this.#open()).grid;
  }

  /** @throws TouchstoneError 'untrusted-workspace' */
  requireTrust(): void {
    if (!this.settings.trusted) throw new TouchstoneError('untrusted-workspace', 'This workspace is not trusted: Touchstone reads its prompts, but runs nothing and opens no database. Trust the workspace to run evals.');
  }

  /** @throws TouchstoneError 'untrusted-workspace' | 'store' */
  async #open(): Promise<{ store: RunStore; grid: Grid }> {
    this.requireTrust();
    // What was asked for before the folder was closed must not open its database again.
    if (this.#closed) throw new TouchstoneError('engine-stopped', 'The workspace folder was closed.');
    // A failed attempt is not kept: the user may have moved a damaged file away.
    this.#store ??= this.#openStore().catch((error: unknown) => {
      this.#store = undefined;
      throw error;
    });
    return this.#store;
  }

  async #openStore(): Promise<{ store: RunStore; grid: Grid }> {
    const store = new RunStore(await openDatabase(this.folder), (text) => this.redactor.redactValues(text));
    setImmediate(() => {
      try {
        if (store.database.open) store.expireResponses(CACHE_DAYS, 1000);
      } catch {
        // Another process is writing: what is old goes next time.
      }
    });
    this.onOpened?.(store.database);
    return { store, grid: new Grid(store) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const open = await this.#store?.catch(() => undefined);
    open?.store.close();
    this.#store = undefined;
  }
}

/** An expression over named values (`json`, `text`, …), or a function of them in their order. */
function expressionOver(expression: string, vars: JsonObject): string {
  const names = Object.keys(vars).join(', ');
  return `((${`{ ${names} }`}) => { const value = (${expression}\n); return typeof value === 'function' ? value(${names}) : value; })(vars)`;
}

/** The editor's language models, over the channel to the extension. */
function editorModels(host: EngineHost): EditorModels {
  return {
    list: async () => (await host.request('lm/list', {})).models,
    async generate({ id, messages, options, signal, onText }) {
      const stream = onText === undefined ? null : randomUUID();
      const stop = host.on('lm/text', (params) => {
        if (params.stream === stream) onText?.(params.text);
      });
      try {
        return await host.request('lm/generate', { id, messages, options, stream }, signal);
      } finally {
        stop();
      }
    },
  };
}
