import { symbolNames } from '../../core/code/definitions.ts';
import type { PathRule } from '../../core/code/path-rules.ts';
import { relativePath } from '../../core/text/path.ts';
import type { Span, TokenBuckets } from '../../core/trace/model.ts';
import { quantileSorted } from '../../core/stats/quantile.ts';
import type { CodeSpan } from '../../node/traces/read/code-spans.ts';
import { WorkspaceCode, type CodePosition } from '../../node/code/workspace-code.ts';
import { GitReader } from '../../node/registry/git.ts';
import type { CodeLine, SpanCode, SpanMethods, SpanPlace, SpanRef, TracedFunction } from '../../protocol/spans.ts';
import type { Traces } from '../traces/traces.ts';
import type { Workspace } from '../workspace.ts';

export interface SpanCodePorts {
  readonly workspace: Workspace;
  readonly traces: Traces;
  span(ref: SpanRef, signal: AbortSignal): Promise<Span>;
}

/** Places that a person chooses among. */
const MOST_PLACES = 10;
/** Newest traces that are looked through for the calls of a file's functions. */
const MOST_TRACES = 30;
/** Files that the spans of one answer may name: each is looked for in the whole workspace, and a trace may name any number. */
const MOST_FILES = 200;
/** Calls that a line or a function names. */
const MOST_CALLS = 10;

/** Traces whose spans are kept. */
const MOST_KEPT_TRACES = 200;
/** Spans that are kept, of the traces that were looked at last: some 10 MB. */
const MOST_KEPT = 50_000;

/** What one answer has found already. */
interface KnownPlaces {
  /** By the path that spans name. */
  readonly files: Map<string, Promise<string | null>>;
  /** By path, line and column. */
  readonly lines: Map<string, Promise<CodePosition | null>>;
}

/** From spans to the code that made them. What is outside of the workspace folder is never read. */
export class SpanCodes {
  readonly #ports: SpanCodePorts;
  readonly #code: WorkspaceCode;
  /** By trace, the last used ones at the end; with the revision and the prices that they are of. */
  readonly #kept = new Map<string, { readonly of: string; readonly spans: readonly CodeSpan[] }>();
  #keptSpans = 0;

  constructor(ports: SpanCodePorts) {
    this.#ports = ports;
    this.#code = new WorkspaceCode(ports.workspace.folder);
  }

  async place({ traceId, spanId }: SpanRef, signal: AbortSignal): Promise<SpanCode> {
    const span = await this.#ports.span({ traceId, spanId }, signal);
    if (span.codeFile === null) return this.#bySymbol(span, signal);
    const { rules } = await this.#config();
    const files = await this.#code.files(span.codeFile, rules);
    if (files.length === 0) return { places: [], note: `${span.codeFile} is not in this workspace. If it lies elsewhere here, say where under "code:" in touchstone.yml.` };
    const how = howOf(span);
    const places: SpanPlace[] = [];
    for (const file of files.slice(0, MOST_PLACES)) {
      const built: CodePosition = { file, line: span.codeLine ?? 1, column: span.codeColumn };
      const original = await this.#code.original(built);
      const { file: found, line, column } = original ?? built;
      places.push({ file: found, line, column, function: span.codeFunction, how, built: original === null ? null : { file, line: built.line }, revision: await this.#revision(span, found, signal) });
    }
    return { places, note: places.length > 1 ? `Several files could be ${span.codeFile}.` : how === 'ancestor' ? 'The span does not say which code made it; this is where the nearest one above it was made.' : null };
  }

  /** Lines of a trace's code, each with what its spans took. */
  async lines(traceId: string, signal: AbortSignal): Promise<CodeLine[]> {
    const { rules, prices } = await this.#config();
    const places: KnownPlaces = { files: new Map(), lines: new Map() };
    const lines = new Map<string, CodeLine>();
    const { revision } = await this.#ports.traces.read('traces/get', { traceId }, signal);
    for (const span of await this.#spans(traceId, `${revision} ${prices}`, signal)) {
      signal.throwIfAborted();
      const place = await this.#only(span, rules, places);
      if (place === null) continue;
      const { file, line } = place;
      const key = `${file}:${line}`;
      const before = lines.get(key) ?? { file, line, spans: 0, totalMs: 0, tokens: null, cost: null, errors: 0, calls: [] };
      const counts = span.usageRole !== 'aggregate' && span.usageRole !== 'duplicate';
      const tokens = span.tokens === null || !counts ? null : totalTokens(span.tokens);
      lines.set(key, {
        ...before,
        spans: before.spans + 1,
        totalMs: before.totalMs + (durationOf(span) ?? 0),
        tokens: tokens === null ? before.tokens : (before.tokens ?? 0) + tokens,
        cost: span.cost === null || !counts ? before.cost : (before.cost ?? 0) + span.cost,
        errors: before.errors + (span.status === 'error' ? 1 : 0),
        calls: before.calls.length < MOST_CALLS ? [...before.calls, { spanId: span.spanId, name: span.name, durationMs: durationOf(span), error: span.status === 'error' }] : before.calls,
      });
    }
    return [...lines.values()].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
  }

  /** Functions of a file that were traced, with their last calls. */
  async functions(file: string, signal: AbortSignal): Promise<TracedFunction[]> {
    const { rules, prices } = await this.#config();
    const name = file.slice(file.lastIndexOf('/') + 1);
    const { traces } = await this.#ports.traces.read('traces/list', { query: [...new Set([name, builtName(name)])].map((one) => JSON.stringify(one)).join(' OR '), sort: 'time', descending: true, limit: MOST_TRACES }, signal);
    const places: KnownPlaces = { files: new Map(), lines: new Map() };
    const calls = new Map<string, { line: number; name: string | null; spans: (CodeSpan & { traceId: string })[] }>();
    for (const { traceId, revision } of traces) {
      for (const span of await this.#spans(traceId, `${revision} ${prices}`, signal)) {
        const place = await this.#only(span, rules, places);
        if (place?.file !== file) continue;
        const key = `${place.line} ${span.codeFunction ?? ''}`;
        const known = calls.get(key) ?? { line: place.line, name: span.codeFunction, spans: [] };
        known.spans.push({ ...span, traceId });
        calls.set(key, known);
      }
    }
    return [...calls.values()].sort((a, b) => a.line - b.line).map(({ line, name: called, spans }) => ({
      line,
      name: called,
      calls: spans.length,
      errors: spans.filter(({ status }) => status === 'error').length,
      p50Ms: quantileSorted(Float64Array.from(spans.flatMap((span) => durationOf(span) ?? [])).sort(), 0.5),
      last: spans.toSorted((a, b) => (a.startNs.length - b.startNs.length || (a.startNs < b.startNs ? -1 : 1)) * -1).slice(0, MOST_CALLS).map((span) => ({ traceId: span.traceId, spanId: span.spanId, startNs: span.startNs, durationMs: durationOf(span), error: span.status === 'error' })),
    }));
  }

  async #bySymbol(span: Span, signal: AbortSignal): Promise<SpanCode> {
    const names = [span.codeFunction, span.toolName, span.agentName, span.name].flatMap((name) => (name === null ? [] : symbolNames(name)));
    const found = await this.#code.definitions([...new Set(names)], MOST_PLACES, signal);
    return {
      places: found.map(({ file, line, column }) => ({ file, line, column, function: null, how: 'symbol', built: null, revision: null })),
      note: found.length === 0
        ? 'The span does not say which code made it, and nothing in this workspace has its name. docs/code.md has a few lines that make an app say it.'
        : 'A guess by name: the span does not say which code made it.',
    };
  }

  /** The file as it was when the trace was made, if that is known, and if it differs from the one that is here. */
  async #revision(span: Span, file: string, signal: AbortSignal): Promise<SpanPlace['revision']> {
    const said = ['vcs.ref.head.revision', 'vcs.repository.ref.revision', 'git.commit.sha', 'service.version'].map((key) => span.resource[key]).find((value) => typeof value === 'string' && /^[0-9a-f]{7,64}$/.test(value));
    if (typeof said !== 'string' || !this.#ports.workspace.settings.trusted) return null;
    try {
      const git = await GitReader.at(this.#ports.workspace.folder, signal);
      if (git === null) return null;
      const commit = await git.commit(said);
      const path = relativePath(git.root, git.inCheckout(relativePath(this.#ports.workspace.folder, file)));
      const [text] = await git.texts([{ commit, path }]);
      return text === null || text === undefined || text === (await this.#code.text(file)) ? null : { id: commit, path, text };
    } catch {
      // A revision that this clone does not have: the file as it is here has to do.
      return null;
    }
  }

  /** `prices`: as text, to be compared. */
  async #config(): Promise<{ readonly rules: readonly PathRule[]; readonly prices: string }> {
    const { workspace } = this.#ports;
    const { code, prices } = await workspace.config(workspace.files());
    return { rules: code, prices: JSON.stringify(prices) };
  }

  /** The line of a span where only one can be meant; of a built file that of its source. */
  #only({ codeFile, codeLine: line, codeColumn: column }: CodeSpan, rules: readonly PathRule[], known: KnownPlaces): Promise<CodePosition | null> {
    const key = `${codeFile}:${line}:${column ?? ''}`;
    let place = known.lines.get(key);
    if (place === undefined) {
      let only = known.files.get(codeFile);
      if (only === undefined) {
        if (known.files.size >= MOST_FILES) return Promise.resolve(null);
        only = this.#code.files(codeFile, rules).then(([file, ...others]) => (file === undefined || others.length > 0 ? null : file));
        known.files.set(codeFile, only);
      }
      place = only.then(async (file) => (file === null ? null : ((await this.#code.original({ file, line, column })) ?? { file, line, column })));
      known.lines.set(key, place);
    }
    return place;
  }

  /**
   * While a trace grows, what is beside code is asked for again and again, of traces that did not change.
   * @param of names revision and prices
   */
  async #spans(traceId: string, of: string, signal: AbortSignal): Promise<readonly CodeSpan[]> {
    const kept = this.#kept.get(traceId);
    const spans = kept?.of === of ? kept.spans : await this.#ports.traces.read('code', { traceId }, signal);
    this.#keep(traceId, { of, spans });
    return spans;
  }

  #keep(traceId: string, known: { readonly of: string; readonly spans: readonly CodeSpan[] }): void {
    const forget = (id: string): void => {
      this.#keptSpans -= this.#kept.get(id)?.spans.length ?? 0;
      this.#kept.delete(id);
    };
    forget(traceId);
    this.#kept.set(traceId, known);
    this.#keptSpans += known.spans.length;
    for (const id of this.#kept.keys()) {
      if (this.#keptSpans <= MOST_KEPT && this.#kept.size <= MOST_KEPT_TRACES) break;
      forget(id);
    }
  }
}

/** What a file is called once TypeScript has built it. */
function builtName(name: string): string {
  return name.replace(/\.([cm]?)(?:tsx?|jsx)$/, '.$1js');
}

function howOf({ sources }: Span): SpanPlace['how'] {
  const [from = ''] = sources.code ?? [];
  if (from.endsWith(' above')) return 'ancestor';
  return /stacktrace/.test(from) ? 'stack' : 'attributes';
}

function totalTokens({ input, cacheRead, cacheWrite, output, reasoning }: TokenBuckets): number {
  return [input, cacheRead, cacheWrite, output, reasoning].reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

function durationOf({ startNs, endNs }: Pick<CodeSpan, 'startNs' | 'endNs'>): number | null {
  return endNs === null ? null : Number(BigInt(endNs) - BigInt(startNs)) / 1e6;
}

/** What the engine answers about the code of spans. */
type CodeMethod = 'spans/code' | 'code/lines' | 'code/functions';
export type CodeHandlers = { readonly [M in CodeMethod]: (params: SpanMethods[M][0], signal: AbortSignal) => Promise<SpanMethods[M][1]> };

export function codeHandlers(get: () => { readonly codes: SpanCodes }): CodeHandlers {
  return {
    'spans/code': (params, signal) => get().codes.place(params, signal),
    'code/lines': async ({ traceId }, signal) => ({ lines: await get().codes.lines(traceId, signal) }),
    'code/functions': async ({ file }, signal) => ({ functions: await get().codes.functions(file, signal) }),
  };
}
