import type { FileReader } from '../files.ts';
import type { ChatMessage, ModelRef, ResponseFormat } from '../model/model.ts';
import type { Scorer } from './model.ts';

export interface JudgeRequest {
  readonly messages: readonly ChatMessage[];
  readonly responseFormat?: ResponseFormat;
}

export interface JudgeReply {
  readonly text: string;
  /** US dollars; `null` unknown. */
  readonly cost: number | null;
}

/** A model as checks see it: one question, one answer. Retries, rate limits, cache and budget are behind it. */
export interface Judge {
  readonly id: string;
  ask(request: JudgeRequest, signal: AbortSignal): Promise<JudgeReply>;
}

export interface Embeddings {
  /** One vector for each text, in order. */
  readonly vectors: readonly Float32Array[];
  /** US dollars; `null` unknown. */
  readonly cost: number | null;
}

/** What scoring needs from outside. One object serves one run: files are read once for it. */
export interface ScorePorts {
  readonly scorer: Scorer;
  /** @throws TouchstoneError 'unknown-model', 'missing-secret', … */
  judge(ref: ModelRef): Promise<Judge>;
  /** For checks and cases that name no judge of their own. */
  readonly defaultJudge?: ModelRef;
  /** `ref` absent: the default embedding model. */
  embed(texts: readonly string[], signal: AbortSignal, ref?: ModelRef): Promise<Embeddings>;
  readonly files?: FileReader;
  readonly signal: AbortSignal;
}

/** What a case sets for all of its checks. */
export interface ScoreOptions {
  /** Replaces "all assertions pass"; 0 is as if absent. */
  readonly threshold?: number;
  /** JavaScript that turns the output into what is scored. */
  readonly transform?: string;
  readonly judge?: ModelRef;
  readonly rubricPrompt?: unknown;
  /** Folder against which a `file://` transform is taken. */
  readonly baseDir?: string;
}
