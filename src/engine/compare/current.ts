import { collectDataset } from '../../core/dataset/read.ts';
import type { RunInfo } from '../../core/eval/model.ts';
import { caseIsForPrompt } from '../../core/eval/plan.ts';
import type { FileReader } from '../../core/files.ts';
import { assertionsHash, caseHash, datasetHash, promptHash } from '../../core/prompt/canonical.ts';
import { readPromptFile } from '../../core/prompt/formats.ts';
import type { PromptDocument } from '../../core/prompt/model.ts';
import { fileStamp } from '../../node/files/index.ts';
import type { TextOverlay } from '../../protocol/engine.ts';
import { hash } from '../run-ports.ts';
import { mapInSteps } from '../steps.ts';
import type { Workspace } from '../workspace.ts';

/** What a prompt's file says now, as far as comparisons look at it. */
export interface CurrentPrompt {
  readonly promptHash: string;
  readonly assertionsHash: string;
  /** `null`: it cannot be read, or the run was of another dataset or of a part of it. */
  readonly datasetHash: string | null;
}

/** A comparison is on the screen by then. */
const LATER_MS = 300;

interface KnownDataset {
  readonly stamps: string;
  readonly hash: Promise<string | null>;
  /** Once it is read. */
  value?: string | null;
}

/** Looks at the files behind sides. A dataset is read again only when one of its files changed. */
export class CurrentPrompts {
  readonly #workspace: Workspace;
  /** By prompt. */
  readonly #datasets = new Map<string, KnownDataset>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /**
   * `null`: the file is gone, cannot be read, or has no such prompt. `later`: a dataset that has to be read for it is not waited for; its
   * hash is `null`, and told to `later` when it is known.
   */
  async of(info: RunInfo, overlays: readonly TextOverlay[] = [], later?: (datasetHash: string | null) => void): Promise<CurrentPrompt | null> {
    const files = this.#workspace.files(overlays);
    try {
      const config = await this.#workspace.config(files);
      const file = await readPromptFile(info.promptPath, { files, root: this.#workspace.folder, datasets: config.datasets });
      const prompt = file.prompts.find(({ id }) => id === info.promptId);
      if (prompt === undefined) return null;
      const isWhole = info.filter === undefined && info.datasetName === prompt.dataset.name;
      return { promptHash: promptHash(prompt), assertionsHash: assertionsHash(prompt), datasetHash: isWhole ? await this.#datasetHash(prompt, files, overlays, later) : null };
    } catch {
      return null;
    }
  }

  async #datasetHash(prompt: PromptDocument, files: FileReader, overlays: readonly TextOverlay[], later?: (datasetHash: string | null) => void): Promise<string | null> {
    const paths = prompt.dataset.inline.length === 0 ? prompt.dataset.files : [...prompt.dataset.files, prompt.path];
    const stamps = JSON.stringify(await Promise.all(paths.map((path) => stampOf(path, overlays))));
    const key = JSON.stringify([prompt.path, prompt.id]);
    const known = this.#datasets.get(key);
    if (known?.stamps === stamps && (later === undefined || known.value !== undefined)) return known.hash;
    if (later !== undefined) {
      // Reading it at once would take turns with what is waited for. Whoever asked has an answer: of a failure nobody is left to hear.
      setTimeout(() => void this.#datasetHash(prompt, files, overlays).then(later).catch(() => undefined), LATER_MS).unref();
      return null;
    }
    const begun: KnownDataset = { stamps, hash: this.#read(prompt, files).catch(() => null) };
    void begun.hash.then((value) => (begun.value = value));
    this.#datasets.set(key, begun);
    return begun.hash;
  }

  async #read(prompt: PromptDocument, files: FileReader): Promise<string> {
    const cases = await collectDataset(prompt.dataset, { files, root: this.#workspace.folder });
    const hashes = await mapInSteps(cases, (item) => (caseIsForPrompt(item, prompt) ? caseHash(item) : null));
    return datasetHash(hashes.filter((one) => one !== null));
  }
}

/** What tells that a file changed: its unsaved text, else its size and time on disk. */
async function stampOf(path: string, overlays: readonly TextOverlay[]): Promise<string> {
  const overlay = overlays.find((item) => item.path === path);
  return overlay === undefined ? ((await fileStamp(path)) ?? `${Date.now()}`) : hash(overlay.text);
}
