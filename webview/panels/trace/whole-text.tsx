import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import type { SpanDetail } from '../../../src/protocol/traces.ts';
import { JsonTree } from '../../shared/json-tree.tsx';
import { LongText } from '../../shared/long-text.tsx';
import type { TraceModel } from './trace-model.ts';

/** The span that a value belongs to, and which of its texts came cut. */
export interface ValueContext {
  readonly model: TraceModel;
  readonly detail: SpanDetail;
}

/** A member of a JSON pointer (RFC 6901). */
export function pointerTo(...path: readonly (string | number)[]): string {
  return path.map((member) => `/${String(member).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A text that may have come cut; the whole is asked for when somebody wants it. */
export function WholeText({ at, pointer, text }: { readonly at: ValueContext; readonly pointer: string; readonly text: string }): ComponentChild {
  const { whole, rest } = useWhole(at, pointer);
  const shown = typeof whole === 'string' ? whole : text;
  return <><LongText text={shown} />{rest}</>;
}

/** Any value: text as text, anything else as a tree. Long texts within come cut, and are said to be. */
export function WholeValue({ at, pointer, value }: { readonly at: ValueContext; readonly pointer: string; readonly value: unknown }): ComponentChild {
  const { whole, rest } = useWhole(at, pointer);
  const shown = whole === undefined ? value : whole;
  const parsed = typeof shown === 'string' ? parsedJson(shown) : shown;
  return <>{typeof parsed === 'string' ? <LongText text={parsed} /> : <JsonTree value={parsed} />}{rest}</>;
}

/** Longer texts are not read as JSON on the panel's only thread. */
const MAX_PARSED = 1_000_000;

/** Objects and lists that came as a text; any other text as it is. */
function parsedJson(text: string): unknown {
  if (text.length > MAX_PARSED || !/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // it only begins like JSON
  }
}

function useWhole({ model, detail }: ValueContext, pointer: string): { readonly whole: unknown; readonly rest: ComponentChild } {
  const [whole, setWhole] = useState<{ readonly of: string; readonly value: unknown } | null>(null);
  const { spanId } = detail.span;
  const key = `${spanId} ${pointer}`;
  const cut = detail.cut.filter((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`));
  if (whole?.of === key) return { whole: whole.value, rest: null };
  const longest = cut.reduce((sum, one) => sum + one.length, 0);
  const load = (): void => void model.act(async () => {
    const { value } = await model.api.request('trace/value', { spanId, pointer });
    setWhole({ of: key, value });
  });
  return {
    whole: undefined,
    rest: cut.length === 0 ? null : (
      <p class="cut small">
        <span class="dim">Cut here. </span>
        <button type="button" class="link" onClick={load}>Show all {formatCount(longest)} characters</button>
        <span class="dim"> · </span>
        <button type="button" class="link" onClick={() => model.request('open', { what: 'value', spanId, pointer })}>Open in an editor</button>
      </p>
    ),
  };
}
