import type { PriceOverrides } from '../../../core/model/prices.ts';
import type { Span } from '../../../core/trace/model.ts';
import { clip } from '../../../core/text/clip.ts';
import { spanAt } from './detail.ts';
import type { OpenTrace } from './open-traces.ts';

/** A span of which is known which line made it, with what stands beside that line; nothing of what it was asked or answered. */
export interface CodeSpan extends Pick<Span, 'spanId' | 'name' | 'startNs' | 'endNs' | 'status' | 'codeColumn' | 'codeFunction' | 'tokens' | 'cost' | 'usageRole'> {
  readonly codeFile: string;
  readonly codeLine: number;
}

/** Larger traces repeat their lines: the first spans tell which. */
const MOST_SPANS = 5000;
/** Names are shown in hovers and picks. */
const LONGEST_NAME = 200;

export function codeSpansOf(trace: OpenTrace, prices: PriceOverrides): CodeSpan[] {
  const found: CodeSpan[] = [];
  for (const { spanId, name, startNs, endNs, status, codeFile, codeLine, codeColumn, codeFunction, tokens, cost, usageRole } of spansOf(trace, prices)) {
    if (codeFile === null || codeLine === null) continue;
    found.push({ spanId, name: clip(name, LONGEST_NAME), startNs, endNs, status, codeFile, codeLine, codeColumn, codeFunction: codeFunction === null ? null : clip(codeFunction, LONGEST_NAME), tokens, cost, usageRole });
  }
  return found;
}

function* spansOf(trace: OpenTrace, prices: PriceOverrides): Generator<Span> {
  const whole = trace.whole(prices);
  if (whole !== null) return yield* whole.spans;
  const most = Math.min(trace.skeleton.count, MOST_SPANS);
  for (let at = 0; at < most; at++) yield spanAt(trace, at, prices);
}
