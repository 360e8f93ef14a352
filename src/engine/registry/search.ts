import { TouchstoneError } from '../../core/errors.ts';
import type { FileReader } from '../../core/files.ts';
import { hashText } from '../../core/hash.ts';
import { contentHash, versionContent } from '../../core/prompt/canonical.ts';
import { readPromptFile } from '../../core/prompt/formats.ts';
import type { PromptDocument } from '../../core/prompt/model.ts';
import { CODEOWNERS_PLACES, parseCodeowners, type Owners } from '../../core/registry/codeowners.ts';
import type { KnownVersion, PromptHistory } from '../../core/registry/history.ts';
import { matchText, textOf, type Searchable } from '../../core/registry/search.ts';
import { joinPath, relativePath } from '../../core/text/path.ts';
import { findPromptFiles } from '../../node/files/index.ts';
import { versionScores, type StoredScore } from '../../node/sqlite/version-scores.ts';
import type { RegistryMethods, RegistrySearchHit } from '../../protocol/registry.ts';
import type { Workspace } from '../workspace.ts';
import { datasetNameOf, scoresOf, type KnownScores } from './scores.ts';
import { environmentStates, runIdsOf, summaryOf } from './summaries.ts';
import type { VersionRegistry } from './version-registry.ts';

type Query = RegistryMethods['registry/search'][0];

interface Candidate extends Searchable {
  readonly hash: string;
  readonly path: string | null;
  /** `null`: the working copy. */
  readonly version: KnownVersion | null;
  readonly history: PromptHistory | null;
  readonly document: PromptDocument | null;
  /** The last thing that there is of its prompt. */
  readonly latest: boolean;
}

/** Vectors that are kept: about 10 MB. */
const MOST_VECTORS = 5000;
/** Versions whose meaning is compared: embedding so many for the first time takes some ten seconds. */
const MOST_COMPARED = 2000;
/** Texts of one request to the embedding model: between two, a search can be given up. */
const AT_ONCE = 32;
/** Characters of a prompt that are compared: what it is about stands at its beginning. */
const EMBEDDED = 2000;
const EMBEDDING = 'local:embeddings';

/** Search over working copies and all versions. */
export class RegistrySearch {
  readonly #workspace: Workspace;
  readonly #registry: VersionRegistry;
  readonly #vectors = new Map<string, Float32Array>();

  constructor(workspace: Workspace, registry: VersionRegistry) {
    this.#workspace = workspace;
    this.#registry = registry;
  }

  /**
   * Best first; of a prompt's versions that fit equally well, the newest. `text` and the filters must all be fulfilled; with `similar` the
   * order is that of meaning, by the embedded model, on this machine.
   */
  async search(query: Query, signal: AbortSignal): Promise<RegistryMethods['registry/search'][1]> {
    const files = this.#workspace.files();
    const candidates = await this.#candidates(files);
    const owners = await ownersOf(this.#workspace.folder, files);
    const scores = Map.groupBy(await this.#scores(candidates), ({ promptHash }) => promptHash);
    const hits: (RegistrySearchHit & { readonly hash: string; readonly latest: boolean })[] = [];
    const similarities = query.similar === undefined ? null : await this.#similarities(candidates, query.similar, signal);
    const config = await this.#workspace.config(files);
    const datasets = new Map<PromptDocument | null, string | null>();
    for (const [document, ofIt] of Map.groupBy(candidates, (candidate) => candidate.document)) {
      datasets.set(document, await datasetNameOf(document, ofIt.flatMap(({ hash }) => scores.get(hash) ?? []), { files, root: this.#workspace.folder, config }));
    }
    for (const candidate of candidates) {
      const { promptId, name, path, version, history, content, hash, tags, latest } = candidate;
      const match = matchText(candidate, query.text ?? '');
      if (match === null) continue;
      const models = content.models.map(({ id }) => id);
      const scored: KnownScores = { scores: scores.get(hash) ?? [], datasetName: datasets.get(candidate.document) ?? null };
      const passRate = scoresOf(hash, content.models, scored)[0]?.summary.passRate ?? null;
      const owning = path === null ? [] : owners(relativePath(this.#workspace.folder, path));
      const owner = owning.length > 0 ? owning.join(', ') : (version?.author ?? null);
      if (query.tags?.some((tag) => !tags.includes(tag)) === true) continue;
      if (query.model !== undefined && !models.some((model) => holds(model, query.model ?? ''))) continue;
      if (query.owner !== undefined && ![...owning, version?.author ?? ''].some((one) => holds(one, query.owner ?? ''))) continue;
      if (query.minPassRate !== undefined && (passRate === null || passRate < query.minPassRate)) continue;
      const states = history === null ? [] : environmentStates({ known: history, config });
      hits.push({
        promptId, name, path, models, owner, tags, passRate, excerpt: match.excerpt, hash, latest,
        version: version === null ? null : summaryOf({ version, saved: version, git: null }, states, scored),
        similarity: similarities === null ? match.fit : (similarities.get(hash) ?? 0),
      });
    }
    hits.sort((a, b) => b.similarity - a.similarity || Number(b.latest) - Number(a.latest) || (a.promptId < b.promptId ? -1 : a.promptId > b.promptId ? 1 : (b.version?.number ?? Infinity) - (a.version?.number ?? Infinity)));
    const seen = new Set<string>();
    const shown = hits.filter(({ promptId, similarity }) => {
      const key = JSON.stringify([promptId, similarity]);
      return seen.has(key) ? false : seen.add(key);
    });
    return { hits: shown.slice(0, query.limit).map(({ hash: _hash, latest: _latest, ...hit }) => hit) };
  }

  async #candidates(files: FileReader): Promise<Candidate[]> {
    const { folder } = this.#workspace;
    const { prompts } = await this.#registry.read();
    const candidates: Candidate[] = [];
    const places = new Map<string, { readonly path: string; readonly document: PromptDocument }>();
    for (const path of await findPromptFiles(folder)) {
      // What cannot be read cannot be searched; its own lens and problem say so.
      const read = await readPromptFile(path, { files, root: folder, contentOnly: true }).catch((error: unknown) => {
        if (error instanceof TouchstoneError) return null;
        throw error;
      });
      for (const document of read?.prompts ?? []) {
        const id = document.metadata['id'];
        const history = prompts.find(({ names }) => names.has(document.id) || (typeof id === 'string' && names.has(id))) ?? null;
        if (history !== null) places.set(history.promptId, { path, document });
        const content = versionContent(document);
        const hash = contentHash(content);
        // Saved, it is found as the version that it is.
        if (history?.version(hash)) continue;
        candidates.push({ promptId: history?.promptId ?? document.id, name: document.name, ...labelOf(document), content, hash, message: document.description ?? '', useCase: null, tags: tagsOf(document), path, version: null, history, document, latest: true });
      }
    }
    for (const history of prompts) {
      const place = places.get(history.promptId);
      const edited = candidates.some((one) => one.history === history);
      for (const version of history.versions) {
        const { promptId, content, hash, message, useCase, tags } = version;
        candidates.push({
          promptId, content, hash, message, useCase, version, history,
          name: place?.document.name ?? promptId.slice(promptId.lastIndexOf('/') + 1),
          ...labelOf(place?.document),
          tags: [...new Set([...tags, ...(place === undefined ? [] : tagsOf(place.document))])],
          path: place?.path ?? null,
          document: place?.document ?? null,
          latest: !edited && version === history.newest,
        });
      }
    }
    return candidates;
  }

  async #scores(candidates: readonly Candidate[]): Promise<readonly StoredScore[]> {
    const { folder, settings } = this.#workspace;
    if (!settings.trusted) return [];
    const ids = new Set<string>();
    for (const { history, document } of candidates) {
      if (document !== null) ids.add(document.id);
      if (history !== null) for (const id of runIdsOf({ known: history, contents: null }, folder)) ids.add(id);
    }
    return versionScores((await this.#workspace.store()).database, [...ids]);
  }

  /** Cosines with the text, 0..1, by content. @throws TouchstoneError 'untrusted-workspace' | 'cancelled' */
  async #similarities(candidates: readonly Candidate[], text: string, signal: AbortSignal): Promise<Map<string, number>> {
    this.#workspace.requireTrust();
    // Of a registry with more, the present of all prompts, then their past.
    const compared = [...candidates.filter(({ latest }) => latest), ...candidates.filter(({ latest }) => !latest)].slice(0, MOST_COMPARED);
    const texts = new Map(compared.map(({ hash, name, content, useCase }) => [hash, `${name}. ${useCase ?? ''} ${textOf(content)}`.slice(0, EMBEDDED)]));
    const catalog = this.#workspace.catalog(await this.#workspace.config(this.#workspace.files()));
    try {
      const model = await catalog.embedding(EMBEDDING);
      const key = (one: string): string => hashText(one);
      const missing = [...new Set([...texts.values(), text])].filter((one) => !this.#vectors.has(key(one)));
      const vectors = new Map<string, Float32Array>();
      for (let from = 0; from < missing.length; from += AT_ONCE) {
        if (signal.aborted) throw new TouchstoneError('cancelled', 'Cancelled.');
        const part = missing.slice(from, from + AT_ONCE);
        for (const [index, vector] of (await model.embed(part, signal)).entries()) vectors.set(key(part[index] ?? ''), vector);
      }
      const vectorOf = (one: string): Float32Array | undefined => vectors.get(key(one)) ?? this.#vectors.get(key(one));
      const wanted = vectorOf(text);
      const similarities = new Map([...texts].map(([hash, one]) => [hash, cosine(wanted, vectorOf(one))] as const));
      for (const [name, vector] of vectors) this.#vectors.set(name, vector);
      for (const name of this.#vectors.keys()) {
        if (this.#vectors.size <= MOST_VECTORS) break;
        this.#vectors.delete(name);
      }
      return similarities;
    } finally {
      await catalog.dispose();
    }
  }
}

/** Of vectors of length 1. */
function cosine(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (a === undefined || b === undefined) return 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return Math.min(1, Math.max(0, sum));
}

function holds(text: string, wanted: string): boolean {
  return text.toLowerCase().includes(wanted.toLowerCase());
}

function labelOf(document: PromptDocument | undefined): Pick<Searchable, 'label'> {
  return document?.label === undefined ? {} : { label: document.label };
}

function tagsOf({ metadata }: PromptDocument): string[] {
  const { tags } = metadata;
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
}

async function ownersOf(folder: string, files: FileReader): Promise<Owners> {
  for (const place of CODEOWNERS_PLACES) {
    const path = joinPath(folder, place);
    if (await files.isFile(path)) return parseCodeowners(await files.readText(path));
  }
  return () => [];
}
