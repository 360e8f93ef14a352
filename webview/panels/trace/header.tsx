import type { ComponentChild } from 'preact';
import { CACHED_TAG } from '../../../src/core/eval/cell-trace-id.ts';
import { durationParts, formatCount } from '../../../src/core/text/format.ts';
import type { TraceExportFormat } from '../../../src/protocol/trace-panel.ts';
import type { TraceRow } from '../../../src/protocol/traces.ts';
import { MenuButton } from '../../controls/menu-button.tsx';
import type { MenuItem } from '../../controls/menu.tsx';
import { Visible } from '../../shared/long-text.tsx';
import { clip, visibleText } from '../../shared/visible-text.ts';
import { KindIcon } from './icons.tsx';
import type { TraceModel } from './trace-model.ts';
import { costOf, kindOf, momentOf, shortId, tokensOf } from './wording.ts';

/** Longer names are cut before they are laid out. */
const MAX_NAME = 300;

/** What this is, its parts as links; how long, how much; what can be done with it. */
export function Header({ model, trace, onKeys }: { readonly model: TraceModel; readonly trace: TraceRow; readonly onKeys: () => void }): ComponentChild {
  const view = model.view.value;
  return (
    <header class="head">
      <span class="head-kind">{view !== null && view.skeleton.count > 0 && <KindIcon kind={kindOf(view.skeleton, 0)} />}</span>
      <h1 title={visibleText(clip(trace.name, MAX_NAME))}><Visible text={clip(trace.name, MAX_NAME)} /></h1>
      <div class="parts">
        <Filtered model={model} field="service" value={trace.service} />
        <Filtered model={model} field="environment" value={trace.environment} />
        <Filtered model={model} field="session" value={trace.session} label={trace.session === null ? '' : `session ${shortId(trace.session)}`} />
        <Filtered model={model} field="user" value={trace.user} label={trace.user === null ? '' : `user ${trace.user}`} class="mid" />
        {hasTime(trace.startNs) && <span class="part mid"><time class="dim ell" title={`${trace.startNs} ns since 1970`}>{momentOf(trace.startNs)}</time></span>}
      </div>
      <Numbers model={model} trace={trace} />
      <div class="acts">
        <CopyMenu model={model} />
        <More model={model} onKeys={onKeys} />
      </div>
    </header>
  );
}

/** Some formats keep no times: their spans stand one after the other from 1970 on. */
function hasTime(startNs: string): boolean {
  return startNs.length > 15;
}

function Filtered({ model, field, value, label = value ?? '', class: className = '' }: { readonly model: TraceModel; readonly field: string; readonly value: string | null; readonly label?: string; readonly class?: string }): ComponentChild {
  if (value === null || value === '') return null;
  return (
    <span class={`part ${className}`}><button type="button" class="link ell" title={visibleText(`Show all traces of the ${field} ${clip(value, MAX_NAME)}`)} onClick={() => model.request('open', { what: 'traces', query: `${field}:${JSON.stringify(value)}` })}>
      <Visible text={clip(label, MAX_NAME)} />
    </button></span>
  );
}

function Numbers({ model, trace }: { readonly model: TraceModel; readonly trace: TraceRow }): ComponentChild {
  const growing = model.time.isGrowing;
  const ms = growing ? model.time.now.value : trace.durationNs === null ? (model.view.value?.knownEnd ?? null) : Number(BigInt(trace.durationNs) / 1000n) / 1000;
  const cost = costOf(trace);
  const many = (model.view.value?.skeleton.count ?? 0) > 1000;
  return (
    <div class="now">
      <span title={isCached(trace) ? 'The answer came from the cache, without a call' : trace.running > 0 ? `${formatCount(trace.running, 'span')} running` : undefined}>{isCached(trace) ? 'cached' : (durationParts(ms)?.map(([value, unit], at) => <span key={unit}>{at > 0 && ' '}<b>{value}</b> {unit}</span>) ?? '–')}{trace.running > 0 && <span class="dim"> so far</span>}</span>
      {many && <span class="mid"><b>{formatCount(trace.spans)}</b> spans</span>}
      <span><b>{formatCount(trace.llmCalls)}</b> LLM {trace.llmCalls === 1 ? 'call' : 'calls'}</span>
      <span><b>{formatCount(trace.toolCalls)}</b> tool {trace.toolCalls === 1 ? 'call' : 'calls'}</span>
      {trace.tokens !== null && <span title={tokensTitle(trace)}><b>{tokensOf(trace.tokens).replace(/ tok$/, '')}</b> tok</span>}
      {cost !== null && <span title={trace.unpriced > 0 ? `No price is known for ${formatCount(trace.unpriced, 'call')}` : undefined}><b>{cost}</b></span>}
    </div>
  );
}

/** Of a cell of an eval. */
function isCached({ origin, tags }: TraceRow): boolean {
  return origin === 'eval' && tags.includes(CACHED_TAG);
}

function tokensTitle({ inputTokens, outputTokens }: TraceRow): string {
  return `${inputTokens === null ? 'unknown' : formatCount(inputTokens)} in, ${outputTokens === null ? 'unknown' : formatCount(outputTokens)} out; each call counted once`;
}

const FORMATS: readonly (readonly [format: TraceExportFormat, label: string])[] = [['json', 'JSON'], ['otlp', 'OTLP'], ['markdown', 'Markdown'], ['tree', 'text tree']];

function CopyMenu({ model }: { readonly model: TraceModel }): ComponentChild {
  const items = [
    ...FORMATS.map(([format, label]): MenuItem => ({ label: `Copy as ${label}`, run: () => model.request('trace/copy', { format }) })),
    { label: 'Copy trace id', run: () => void model.copy(model.trace.value?.traceId ?? ''), starts: true },
  ];
  return <MenuButton icon="copy" label="Copy" items={items} />;
}

function More({ model, onKeys }: { readonly model: TraceModel; readonly onKeys: () => void }): ComponentChild {
  const merge = model.view.value?.merges ?? false;
  const items: MenuItem[] = [
    ...FORMATS.map(([format, label]): MenuItem => ({ label: `Export as ${label}…`, run: () => model.request('trace/export', { format }) })),
    { label: merge ? 'Show every span in a row of its own' : 'Show equal siblings as one row', run: () => model.setOptions({ merge: !merge }), starts: true },
    { label: 'Delete trace…', run: () => model.request('trace/delete', {}), starts: true },
    { label: 'Keys', run: onKeys, starts: true },
  ];
  return <MenuButton icon="ellipsis" label="More actions" items={items} />;
}
