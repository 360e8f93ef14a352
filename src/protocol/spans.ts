import type { NewCase } from '../core/dataset/edit-text.ts';
import type { CellError } from '../core/eval/model.ts';
import type { JsonObject } from '../core/json.ts';
import type { ChatMessage, TokenUsage, ToolCall } from '../core/model/model.ts';
import type { MaskedValue } from '../core/privacy/mask.ts';
import type { TextOverlay } from './text-overlay.ts';

/** A span of the store. */
export interface SpanRef {
  readonly traceId: string;
  readonly spanId: string;
}

/** A prompt that can have rendered a span's messages, in all its versions with these texts. */
export interface PromptOrigin {
  /** `PromptDocument.id`. */
  readonly promptId: string;
  readonly name: string;
  /** Absolute; `null`: the prompt is in the registry only. */
  readonly path: string | null;
  /** Best first: those whose model and parameters are the span's before others, then the newest. */
  readonly versions: readonly {
    /** As `RegistryMethods` take it: `working`, or a hash. */
    readonly ref: string;
    /** `v7 · 3f9a1c2e`, `working copy`. */
    readonly label: string;
    readonly environments: readonly string[];
  }[];
  /** Every message fits; else it is a guess, with its score. */
  readonly exact: boolean;
  /** 0..1: the share of the prompt's own text that is in the call. */
  readonly score: number;
  readonly variables: readonly { readonly name: string; readonly value: string; /** The text could have come about with another value. */ readonly doubtful: boolean }[];
  /** Variables whose values the text does not tell. */
  readonly unknown: readonly string[];
  /** Messages of the call up to the last one that the prompt made; 0: not known. */
  readonly end: number;
}

export interface SpanPrompt {
  /** `said`: the app named prompt and version; `matched`: by the text; `none`: no prompt of this workspace. */
  readonly how: 'said' | 'matched' | 'none';
  /** One prompt and one version, and no other comes near. */
  readonly certain: boolean;
  /** Best first. */
  readonly origins: readonly PromptOrigin[];
  /** What stands in the way of an answer, or makes it doubtful; in words. */
  readonly note: string | null;
}

/** What production says of a prompt: calls of the store that it rendered. */
export interface ProductionUse {
  readonly promptId: string;
  readonly calls: number;
  readonly errors: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  /** US dollars a call, of those whose cost is known. */
  readonly costPerCall: number | null;
  readonly feedback: readonly { readonly name: string; readonly count: number; readonly mean: number | null }[];
  readonly versions: readonly { readonly ref: string; readonly label: string; readonly calls: number; readonly errors: number }[];
  /** ISO 8601: of the first call that counts. */
  readonly since: string | null;
  /** For the Traces view: finds these calls. */
  readonly query: string;
  /** Calls that were not looked at yet. */
  readonly pending: number;
}

export interface CaseProposal {
  readonly span: SpanRef;
  readonly origin: PromptOrigin | null;
  /** Masked. */
  readonly case: NewCase;
  readonly expectedFrom: 'correction' | 'output' | 'none';
  readonly masked: readonly MaskedValue[];
  /** Where it would go: the prompt's dataset. */
  readonly dataset: { readonly file: string; readonly key: 'testData' | 'tests' | null } | null;
  /** Variables of the prompt whose values neither the call tells nor anybody gave: empty in the case. */
  readonly missing: readonly string[];
  /** A case of the dataset that asks the same. */
  readonly duplicateOf: { readonly caseId: string; readonly line: number } | null;
  /** What is doubtful: variables that are not known, a prompt that is a guess. */
  readonly notes: readonly string[];
}

/** A prompt's version: `working`, or any ref. */
export interface PromptOfReplay {
  readonly kind: 'prompt';
  readonly path: string;
  readonly prompt?: string;
  readonly ref: string;
  /** Values that the call does not tell, or others than it had. */
  readonly vars?: JsonObject;
}

export interface ReplayVariables {
  /** Of the prompt. */
  readonly name: string;
  readonly vars: JsonObject;
  readonly missing: readonly string[];
}

export interface ReplayRequest {
  readonly span: SpanRef;
  /** What answers: the recorded messages as they are; or a prompt's version filled with the span's values. */
  readonly with: { readonly kind: 'recorded' } | PromptOfReplay;
  /** Absent: the span's own. */
  readonly model?: string;
  readonly times: number;
  readonly overlays?: readonly TextOverlay[];
  /** Goes on from here as an agent: tools answer what they answered then, until the model calls one that did not happen, or is done. */
  readonly agent?: { readonly maxSteps: number };
  readonly budgetUsd?: number;
  /** Under this id `replay/progress` arrives. */
  readonly stream: string;
}

export interface ReplayOutput {
  readonly output: string;
  readonly toolCalls: readonly ToolCall[];
  /** Of an agent: what it did after the step. */
  readonly messages: readonly ChatMessage[];
  readonly latencyMs: number | null;
  readonly usage: TokenUsage | null;
  readonly cost: number | null;
  readonly error: CellError | null;
  /** Its trace in the store. */
  readonly traceId: string;
  /** Why an agent's replay ended before its answer: a tool call that was not recorded, the limit of steps. */
  readonly stopped: string | null;
}

export interface Replay {
  readonly recorded: { readonly output: string; readonly toolCalls: readonly ToolCall[]; readonly latencyMs: number | null; readonly usage: TokenUsage | null; readonly cost: number | null; readonly model: string | null };
  readonly outputs: readonly ReplayOutput[];
  readonly model: string;
  readonly notes: readonly string[];
}

/** Where in the code a span was made. */
export interface SpanPlace {
  /** Absolute. */
  readonly file: string;
  /** One-based. */
  readonly line: number;
  readonly column: number | null;
  readonly function: string | null;
  /** `symbol`: a function or class whose name the span has, a guess. */
  readonly how: 'attributes' | 'stack' | 'ancestor' | 'symbol';
  /** The place in the built file, where a source map led from it. */
  readonly built: { readonly file: string; readonly line: number } | null;
  /** Git's revision that the trace was made from, when it is known and the file differs from it: `text` is the file at that revision. */
  readonly revision: { readonly id: string; readonly path: string; readonly text: string } | null;
}

export interface SpanCode {
  /** Best first; none: nothing is known. Several: the names alone do not decide. */
  readonly places: readonly SpanPlace[];
  readonly note: string | null;
}

/** A line of a file and the spans of a trace that it made. */
export interface CodeLine {
  readonly file: string;
  readonly line: number;
  readonly spans: number;
  readonly totalMs: number;
  readonly tokens: number | null;
  readonly cost: number | null;
  readonly errors: number;
  /** The first of them. */
  readonly calls: readonly { readonly spanId: string; readonly name: string; readonly durationMs: number | null; readonly error: boolean }[];
}

/** A traced function of a file, and its last calls over all traces. */
export interface TracedFunction {
  readonly line: number;
  readonly name: string | null;
  readonly calls: number;
  readonly errors: number;
  readonly p50Ms: number | null;
  readonly last: readonly { readonly traceId: string; readonly spanId: string; readonly startNs: string; readonly durationMs: number | null; readonly error: boolean }[];
}

/** Traces whose prompts nobody finds out are counted up to here. */
export const MOST_OLDER = 10_000;

/** From a span to the prompt, to a golden case, to the code, and to another answer: method → [parameters, result]. */
export interface SpanMethods {
  'spans/prompt': [SpanRef & { readonly overlays?: readonly TextOverlay[] }, SpanPrompt];
  /** Of every prompt of a file. */
  'prompts/production': [{ readonly path: string; readonly days?: number }, { readonly uses: readonly ProductionUse[] }];
  /**
   * Goes on finding out which prompts made the calls of the store, which `prompt:` in a query finds them by: for at most so many milliseconds.
   * `pending`: traces that were not looked at yet. `isWorking`: asked again, it goes on; else what is left could not be looked at. So many of the
   * `newest` traces are looked at; of `older` ones nobody will know, counted up to
   * `MOST_OLDER`, and told once it is at its end.
   */
  'calls/match': [{ readonly forMs: number }, { readonly pending: number; readonly isWorking: boolean; readonly newest: number; readonly older: number }];
  /** The text of a prompt file that asks what the call asked, masked. Nothing is written. @throws 'usage' (the call holds no messages) */
  'calls/new-prompt': [SpanRef & { readonly name: string }, { readonly text: string; readonly masked: readonly MaskedValue[]; readonly notes: readonly string[] }];
  /** Nothing is written. `corrections`, and `vars` that are known better than the call tells them, by span id. */
  'golden/propose': [{ readonly spans: readonly SpanRef[]; readonly prompt?: { readonly path: string; readonly prompt?: string }; readonly corrections?: Readonly<Record<string, unknown>>; readonly vars?: Readonly<Record<string, JsonObject>>; readonly overlays?: readonly TextOverlay[] }, { readonly proposals: readonly CaseProposal[] }];
  /** Calls of a model that a query finds, chosen so that their questions differ. `of`: how many there were. */
  'golden/sample': [{ readonly query: string; readonly count: number; readonly prompt?: { readonly path: string; readonly prompt?: string } }, { readonly spans: readonly SpanRef[]; readonly of: number }];
  /** With which values a prompt would be filled to replay a call, and those that somebody has to give first. */
  'replay/variables': [Pick<ReplayRequest, 'span' | 'overlays'> & { readonly with: PromptOfReplay }, ReplayVariables];
  'replay/run': [ReplayRequest, Replay];
  'spans/code': [SpanRef, SpanCode];
  'code/lines': [{ readonly traceId: string }, { readonly lines: readonly CodeLine[] }];
  'code/functions': [{ readonly file: string }, { readonly functions: readonly TracedFunction[] }];
}

export interface SpanNotifications {
  'replay/progress': { readonly stream: string; readonly done: number; readonly of: number; readonly text: string };
}
