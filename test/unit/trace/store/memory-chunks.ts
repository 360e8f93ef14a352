import type { RawSpan } from '../../../../src/core/trace/model.ts';
import { draftBody, finishBody, readBody, type ChunkSource } from '../../../../src/core/trace/store/span-body.ts';

/** Bodies and chunks in memory, numbered as a store numbers them: texts of a span behind the span. */
export class MemoryChunks implements ChunkSource {
  readonly resources = new Map();
  readonly scopes = new Map();
  readonly #texts = new Map<number, string>();
  readonly #numbers = new Map<string, number>();
  readonly #bodies: { readonly n: number; readonly body: string; readonly span: RawSpan }[] = [];
  #next = 67_108_864;

  add(span: RawSpan): string {
    const draft = draftBody(span);
    const n = this.#next++;
    const numbers = draft.chunks.map((text) => {
      const known = this.#numbers.get(text);
      if (known !== undefined) return known;
      this.#numbers.set(text, this.#next);
      this.#texts.set(this.#next, text);
      return this.#next++;
    });
    const body = finishBody(draft.template, n, numbers);
    this.#bodies.push({ n, body, span });
    return body;
  }

  text(chunk: number): string {
    const text = this.#texts.get(chunk);
    if (text === undefined) throw new Error(`there is no chunk ${chunk}`);
    return text;
  }

  get chunks(): readonly string[] {
    return [...this.#texts.values()];
  }

  /** Characters of bodies and chunks. */
  get size(): number {
    return this.chunks.reduce((sum, text) => sum + text.length, 0) + this.#bodies.reduce((sum, { body }) => sum + body.length, 0);
  }

  read(): RawSpan[] {
    return this.#bodies.map(({ n, body, span: { traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano } }) => readBody(body, n, { traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano }, this));
  }
}
