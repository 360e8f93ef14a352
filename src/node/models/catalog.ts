import { isAbsolute, resolve as resolvePath } from 'node:path';
import { errorMessage, TouchstoneError } from '../../core/errors.ts';
import type { ProjectConfig } from '../../core/config/model.ts';
import { resolveModelId, type Environment, type ModelTarget, type OpenAiTarget, type ResolvedId } from '../../core/model/ids.ts';
import type { EmbeddingModel, Model, ModelCatalog, ModelInfo, ModelPrice, ModelRef } from '../../core/model/model.ts';
import { responseFormatFrom, toolsFrom } from '../../core/model/parameters.ts';
import { findPriceRow, pricedModels } from '../../core/model/price-table.ts';
import { FREE, priceOf } from '../../core/model/prices.ts';
import { createRedactor, type Redactor } from '../../core/model/redact.ts';
import { findVendor } from '../../core/model/vendors.ts';
import { createAgents } from '../http/agents.ts';
import { createFetch } from '../http/fetch.ts';
import type { ProxySettings } from '../http/proxy.ts';
import { EchoModel } from './echo.ts';
import { EditorModel, type EditorModels } from './editor-model.ts';
import { ExecModel } from './exec.ts';
import type { Evaluate } from './http.ts';
import { borrowEmbedder, LOCAL_EMBEDDINGS, type LocalEmbedder } from './local-embedder.ts';
import { LocalLabelsModel } from './local-labels.ts';
import { readSettingFile } from './setting-file.ts';
import { ProviderPool } from './provider-pool.ts';
import { createSecrets, type SecretSource } from './secrets.ts';
import { withTimeLimit } from './time-limit.ts';

export interface ModelCatalogOptions {
  readonly config: Pick<ProjectConfig, 'path' | 'models' | 'prices'>;
  readonly secrets: SecretSource;
  /** Folder of relative paths where a model names none: the workspace folder. */
  readonly baseDir: string;
  /** Restricted mode: nothing runs and nothing is connected to. */
  readonly trusted: boolean;
  readonly proxy: ProxySettings;
  /** Milliseconds without a byte before an attempt is given up. */
  readonly idleTimeoutMs: number;
  readonly editor?: EditorModels;
  readonly evaluate?: Evaluate;
  /** A folder from which the @energetic-ai packages resolve, when they are not beside this program. */
  readonly embedderDir?: string;
  /** Learns every secret that is handed out. */
  readonly redactor?: Redactor;
  /** Certificate authorities beside the system's, PEM. */
  readonly ca?: readonly string[];
  /** For addresses that the environment names; the process's own where absent. */
  readonly environment?: Environment;
  /** Variables that lead the spans of `exec:` programs to the receiver; asked for with each start. */
  readonly tracing?: () => Readonly<Record<string, string>>;
}

const DEFAULT_EMBEDDING = LOCAL_EMBEDDINGS;

/** Every model by its id. One catalog serves an engine for as long as its settings stay the same. */
export function createModelCatalog(options: ModelCatalogOptions): ModelCatalog {
  const redactor = options.redactor ?? createRedactor();
  const secrets = createSecrets(options.secrets, redactor);
  const agents = createAgents({ proxy: options.proxy, ...(options.ca === undefined ? {} : { ca: options.ca }) });
  const fetch = createFetch({ agents, idleTimeoutMs: options.idleTimeoutMs });
  const environment: Environment = options.environment ?? ((name) => process.env[name]);
  const ownPrices = new WeakMap<Model, ModelPrice>();
  const providers = new ProviderPool(secrets, redactor);
  let borrowed: ReturnType<typeof borrowEmbedder> | null = null;
  const localEmbedder = (): LocalEmbedder => (borrowed ??= borrowEmbedder(options.embedderDir ?? null)).embedder;

  const openAi = async (ref: ModelRef, target: OpenAiTarget, found: ResolvedId, folder: string): Promise<Model> => {
    if (target.api === 'embeddings') throw new TouchstoneError('unknown-model', `The model "${ref.id}" cannot be used: an embedding model answers no prompts.`);
    const { OpenAiModel } = await import('./openai-compatible.ts');
    const { config } = found;
    return new OpenAiModel(
      ref,
      target,
      {
        parameters: found.parameters,
        tools: toolsFrom(await readSettingFile(config['tools'], folder)),
        toolChoice: config['tool_choice'] ?? config['toolChoice'],
        responseFormat: responseFormatFrom(await readSettingFile(config['response_format'] ?? config['responseFormat'], folder)),
      },
      { fetch, secrets, redactor },
    );
  };

  const build = async (ref: ModelRef, found: ResolvedId): Promise<Model> => {
    const { target, config } = found;
    const folder = found.baseDir ?? ref.baseDir ?? options.baseDir;
    const path = (file: string): string => (isAbsolute(file) ? file : resolvePath(folder, file));
    switch (target.kind) {
      case 'echo':
        return new EchoModel(ref);
      case 'local':
        if (target.model === 'labels') return new LocalLabelsModel(ref, localEmbedder());
        throw new TouchstoneError('unknown-model', `The model "${ref.id}" cannot be used: an embedding model answers no prompts.`);
      case 'replay': {
        const { ReplayModel, replaySettings } = await import('./replay.ts');
        return new ReplayModel(ref, path(target.path), replaySettings(config, target.field));
      }
      case 'openai':
        return openAi(ref, target, found, folder);
      case 'vscode':
        if (options.editor === undefined) throw new TouchstoneError('unknown-model', `The model "${ref.id}" cannot be used: the editor's models can only be reached from within VS Code.`);
        return new EditorModel(ref, target.selector, options.editor);
      case 'exec':
        return new ExecModel(ref, target.command, { secrets, redactor, settings: config, cwd: folder, ...(options.tracing === undefined ? {} : { tracing: options.tracing }) });
      case 'http': {
        const { HttpModel } = await import('./http.ts');
        const url = typeof config['url'] === 'string' && config['url'] !== '' ? config['url'] : target.url;
        return new HttpModel(ref, url, { fetch, secrets, redactor, settings: config, ...(options.evaluate === undefined ? {} : { evaluate: options.evaluate }) });
      }
      case 'file':
        return providers.javascript(ref, path(target.path), target.export, config, folder);
      case 'python':
        return providers.python(ref, path(target.path), target.function, config, folder);
    }
  };

  const catalog: ModelCatalog = {
    async resolve(ref) {
      const found = resolveModelId(ref, options.config, environment);
      checkTrust(ref, found.target, options.trusted);
      let model = await build(ref, found);
      if (found.timeoutMs !== null) model = withTimeLimit(model, found.timeoutMs);
      if (found.price !== null) ownPrices.set(model, found.price);
      return model;
    },

    async embedding(id = DEFAULT_EMBEDDING): Promise<EmbeddingModel> {
      const { target } = resolveModelId({ id }, options.config, environment);
      checkTrust({ id }, target, options.trusted);
      if (target.kind === 'local') return localEmbedder();
      if (target.kind === 'openai') {
        const { OpenAiEmbeddings } = await import('./embeddings.ts');
        return new OpenAiEmbeddings(id, { ...target, api: 'embeddings' }, { fetch, secrets, redactor });
      }
      throw new TouchstoneError('unknown-model', `"${id}" is no embedding model. Use \`local:embeddings\`, or an endpoint's, such as \`openai:embedding:text-embedding-3-small\`.`);
    },

    async list() {
      const infos: ModelInfo[] = [
        { id: 'local:labels', label: 'chooses among the labels of a prompt, on this machine', kind: 'local', problem: null, price: FREE },
        { id: 'echo', label: 'answers with the prompt itself', kind: 'local', problem: null, price: FREE },
      ];
      for (const [id, entry] of Object.entries(options.config.models)) {
        if (!id.endsWith('/*')) infos.push(await describe(id, entry.price ?? null));
      }
      for (const found of (await options.editor?.list()) ?? []) {
        infos.push({ id: `vscode:${found.id}`, label: found.name, kind: 'editor', problem: null, contextWindow: found.maxInputTokens, price: null });
      }
      const named = new Set(infos.map(({ id }) => id));
      for (const name of pricedModels()) {
        const slash = name.indexOf('/');
        const vendor = findVendor(name.slice(0, slash));
        if (vendor === undefined || /embedding/.test(name)) continue;
        const id = `${vendor.prefix}:chat:${name.slice(slash + 1)}`;
        // Only what can be used: a vendor whose key is set.
        if (!named.has(id) && (await secrets.first(vendor.keys)) !== null) infos.push(await describe(id, null));
      }
      return infos;
    },

    price(model) {
      return ownPrices.get(model) ?? priceOf(model, options.config.prices);
    },

    async dispose() {
      agents.dispose();
      borrowed?.release();
      await providers.dispose();
    },
  };

  const describe = async (id: string, price: ModelPrice | null): Promise<ModelInfo> => {
    try {
      const { target } = resolveModelId({ id }, options.config, environment);
      const kind = kindOf(target);
      const priceName = target.kind === 'openai' ? target.priceName : null;
      const row = priceName === null ? null : findPriceRow(priceName);
      return {
        id,
        label: id,
        kind,
        problem: await missing(target),
        ...(row?.contextWindow === undefined ? {} : { contextWindow: row.contextWindow }),
        price: price ?? priceOf({ ref: { id }, kind, ...(priceName === null ? {} : { priceName }) }, options.config.prices),
      };
    } catch (error) {
      return { id, label: id, kind: 'remote', problem: errorMessage(error), price };
    }
  };

  const missing = async (target: ModelTarget): Promise<string | null> => {
    if (!options.trusted && !isHarmless(target)) return 'Not used in an untrusted workspace.';
    if (target.kind !== 'openai' || target.keyOptional || target.keys.length === 0 || (await secrets.first(target.keys)) !== null) return null;
    return `${target.keys.join(' or ')} is not set.`;
  };

  return catalog;
}

function kindOf(target: ModelTarget): Model['kind'] {
  switch (target.kind) {
    case 'echo':
    case 'local':
      return 'local';
    case 'replay':
      return 'replay';
    case 'vscode':
      return 'editor';
    case 'exec':
    case 'file':
    case 'python':
      return 'code';
    case 'openai':
    case 'http':
      return 'remote';
  }
}

function isHarmless(target: ModelTarget): boolean {
  return target.kind === 'echo' || target.kind === 'local' || target.kind === 'replay';
}

function checkTrust(ref: ModelRef, target: ModelTarget, trusted: boolean): void {
  if (trusted || isHarmless(target)) return;
  throw new TouchstoneError('untrusted-workspace', `The model "${ref.id}" is not used in an untrusted workspace: it would run a program or connect to an endpoint. Trust the workspace first.`);
}

