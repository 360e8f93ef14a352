import { setImmediate as nextTurn } from 'node:timers/promises';
import { indexedPrompt } from '../../core/match/indexed-prompt.ts';
import { PromptIndex } from '../../core/match/prompt-index.ts';
import type { ModelParameters } from '../../core/model/model.ts';
import { promptHash } from '../../core/prompt/canonical.ts';
import { readPromptFile } from '../../core/prompt/formats.ts';
import type { PromptDocument } from '../../core/prompt/model.ts';
import type { KnownVersion, PromptHistory } from '../../core/registry/history.ts';
import { fileStamp, findPromptFiles } from '../../node/files/index.ts';
import type { TextOverlay } from '../../protocol/text-overlay.ts';
import type { Workspace } from '../workspace.ts';

/** A prompt in one version, as something that may have rendered a call. */
export interface Template {
  /** `PromptDocument.id`: of the file that has it now, else the name under which the registry keeps it. */
  readonly promptId: string;
  readonly name: string;
  /** Absolute; `null`: only the registry has it. */
  readonly path: string | null;
  /** `working`, or a hash. */
  readonly ref: string;
  readonly hash: string;
  /** `v7 · 3f9a1c2e`, `working copy`. */
  readonly label: string;
  /** Of a version; 0: the working copy. */
  readonly number: number;
  readonly environments: readonly string[];
  readonly models: readonly string[];
  readonly parameters: ModelParameters;
}

export interface Templates {
  readonly index: PromptIndex;
  readonly byKey: ReadonlyMap<string, Template>;
}

interface ReadFile {
  readonly stamp: string;
  readonly documents: readonly ReadDocument[];
}

interface ReadDocument {
  readonly document: PromptDocument;
  readonly template: Template;
}

/** Indexing goes on for so long before others have their turn. */
const TURN_MS = 20;

/** What the registry says, however it is kept. */
export interface Histories {
  read(): Promise<{ readonly prompts: readonly PromptHistory[] }>;
}

/**
 * All prompts of a workspace, as they are now and in every saved version, in an index that is kept. Looking whether something changed
 * reads the dates of files; only what changed is read again.
 */
export class PromptTemplates {
  readonly #workspace: Workspace;
  readonly #histories: Histories;
  readonly #files = new Map<string, ReadFile>();
  readonly #index = new PromptIndex();
  #byKey = new Map<string, Template>();
  #current: Promise<unknown> = Promise.resolve();

  constructor(workspace: Workspace, histories: Histories) {
    this.#workspace = workspace;
    this.#histories = histories;
  }

  /** With the texts of `overlays` in place of their files. One look at a time, as they share an index. */
  current(overlays: readonly TextOverlay[] = []): Promise<Templates> {
    const looked = this.#current.then(() => this.#look(overlays));
    this.#current = looked.catch(() => undefined);
    return looked;
  }

  async #look(overlays: readonly TextOverlay[]): Promise<Templates> {
    const documents = await this.#documents(overlays);
    const { prompts: histories } = await this.#histories.read();
    const byId = new Map(documents.toReversed().map((read) => [read.document.id, read.document]));
    const byKey = new Map<string, Template>();
    let turn = performance.now();
    const add = async (key: string, content: Parameters<typeof indexedPrompt>[0], template: Template): Promise<void> => {
      // The hash names the texts: what is there under it need not be compared.
      if (this.#byKey.get(key)?.hash !== template.hash) {
        const prompt = indexedPrompt(content);
        if (prompt === null) return;
        this.#index.add(key, prompt);
      }
      byKey.set(key, template);
      if (performance.now() - turn < TURN_MS) return;
      await nextTurn();
      turn = performance.now();
    };
    for (const { document, template } of documents) await add(`working ${document.path} ${document.id}`, document, template);
    for (const history of histories) {
      const [document] = [...history.names].flatMap((name) => byId.get(name) ?? []);
      for (const version of history.versions) await add(`version ${history.promptId} ${version.hash}`, version.content, versionTemplate(version, history, document));
    }
    for (const key of this.#byKey.keys()) if (!byKey.has(key)) this.#index.remove(key);
    this.#byKey = byKey;
    return { index: this.#index, byKey };
  }

  async #documents(overlays: readonly TextOverlay[]): Promise<ReadDocument[]> {
    const root = this.#workspace.folder;
    const files = this.#workspace.files(overlays);
    const paths = await findPromptFiles(root);
    const present = new Set(paths);
    for (const path of this.#files.keys()) if (!present.has(path)) this.#files.delete(path);
    const unsaved = new Map(overlays.map(({ path, text }) => [path, text]));
    const documents: ReadDocument[] = [];
    for (const path of paths) {
      const text = unsaved.get(path);
      const stamp = text === undefined ? ((await fileStamp(path)) ?? '') : `unsaved ${text}`;
      let read = this.#files.get(path);
      if (read?.stamp !== stamp) {
        // A file that cannot be read has rendered nothing of late; the Problems view says what is wrong with it.
        const { prompts } = await readPromptFile(path, { files, root, contentOnly: true }).catch(() => ({ prompts: [] }));
        read = { stamp, documents: prompts.map((document) => ({ document, template: workingTemplate(document) })) };
        this.#files.set(path, read);
      }
      documents.push(...read.documents);
    }
    return documents;
  }
}

function workingTemplate(document: PromptDocument): Template {
  return {
    promptId: document.id,
    name: document.name,
    path: document.path,
    ref: 'working',
    hash: promptHash(document),
    label: 'working copy',
    number: 0,
    environments: [],
    models: document.models.map(({ id }) => id),
    parameters: document.parameters,
  };
}

function versionTemplate(version: KnownVersion, history: PromptHistory, document: PromptDocument | undefined): Template {
  return {
    promptId: document?.id ?? [...history.names][0] ?? history.promptId,
    name: document?.name ?? history.promptId,
    path: document?.path ?? null,
    ref: version.hash,
    hash: version.hash,
    label: version.label,
    number: version.number,
    environments: history.environments.filter((name) => history.environment(name).version === version.hash),
    models: version.content.models.map(({ id }) => id),
    parameters: version.content.parameters,
  };
}
