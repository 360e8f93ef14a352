import type { ComponentChild } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { formatCount, formatDuration, formatUsd } from '../../../src/core/text/format.ts';
import type { Span } from '../../../src/core/trace/model.ts';
import type { SpanDetail } from '../../../src/protocol/traces.ts';
import { IconButton } from '../../controls/controls.tsx';
import { Icon } from '../../controls/icon.tsx';
import { Visible } from '../../shared/long-text.tsx';
import { Tabs } from '../../shared/tabs.tsx';
import { clip, visibleText } from '../../shared/visible-text.ts';
import { AttributesTab } from './attributes.tsx';
import { Content } from './content.tsx';
import { EventsTab } from './events.tsx';
import { GroupDetail } from './group-detail.tsx';
import { KindIcon } from './icons.tsx';
import { CallPrompt } from './call-prompt.tsx';
import { RawTab } from './raw.tsx';
import type { Open } from './opened.ts';
import type { TraceModel } from './trace-model.ts';
import type { DetailTab } from './view-state.ts';
import { tokensOf } from './wording.ts';

/** Of a name; the attributes and the export have the whole. */
const MAX_NAME = 2000;

/** What the opened row is: a span with everything that is known of it, or the numbers of several. */
export function Detail({ model, open }: { readonly model: TraceModel; readonly open: Open }): ComponentChild {
  if (open.kind === 'rows') return <GroupDetail model={model} row={open.row} />;
  if (open.failure !== null) {
    return (
      <>
        <div class="dhead"><span class="name fail">{open.failure.code === 'not-found' ? 'This span is not there any more.' : 'The span cannot be read.'}</span><span class="nav"><Close model={model} /></span></div>
        <p class="note">{open.failure.message}</p>
      </>
    );
  }
  if (open.detail === null) return <DetailLoading model={model} />;
  return <SpanDetailView model={model} detail={open.detail} />;
}

function SpanDetailView({ model, detail }: { readonly model: TraceModel; readonly detail: SpanDetail }): ComponentChild {
  const { span } = detail;
  const body = useRef<HTMLDivElement>(null);
  // Another span begins at its top; the same one, newer, stays where it was read.
  useLayoutEffect(() => { if (body.current !== null) body.current.scrollTop = 0; }, [span.spanId]);
  const { tab } = model.state.value;
  return (
    <>
      <div class="dhead">
        <KindIcon kind={span.kind} />
        <span class="crumb">
          <span class="dim">{span.kind}</span>
          {detail.path.slice(-1).map((above) => <span key={above.spanId} class="crumb-above"><button type="button" class="link-dim ell" title={visibleText(`Go to ${above.kind} ${clip(above.name, MAX_NAME)}`)} onClick={() => model.revealSpan(above.spanId)}><Visible text={clip(above.name, MAX_NAME)} /></button><Icon name="chevronRight" class="little dim" /></span>)}
          <span class="name ell" title={visibleText(clip(span.name, MAX_NAME))}><Visible text={clip(span.name, MAX_NAME)} /></span>
        </span>
        <span class="nav">
          {span.codeFile !== null && <OpenCode model={model} span={span} />}
          {span.codeFile === null && span.kind !== 'llm' && <IconButton icon="goToFile" label="Find code" title="Find code of that name: the span does not say which code made it" onClick={() => model.request('open', { what: 'code', spanId: span.spanId })} />}
          <IconButton icon="arrowUp" label="Previous sibling" title="Previous sibling (Alt+↑)" disabled={detail.previous === null} onClick={() => { if (detail.previous !== null) model.revealSpan(detail.previous); }} />
          <IconButton icon="arrowDown" label="Next sibling" title="Next sibling (Alt+↓)" disabled={detail.next === null} onClick={() => { if (detail.next !== null) model.revealSpan(detail.next); }} />
          <Close model={model} />
        </span>
      </div>
      <Strip model={model} detail={detail} />
      <Notes span={span} />
      {span.kind === 'llm' && <CallPrompt key={span.spanId} model={model} spanId={span.spanId} />}
      <DetailTabs model={model} detail={detail} />
      <div ref={body} class="body" role="tabpanel" aria-label={tabName(tab, span)} tabIndex={0}>
        {tab === 'conversation' && <Content model={model} detail={detail} />}
        {tab === 'raw' && <RawTab model={model} detail={detail} />}
        {tab === 'attributes' && <AttributesTab key={span.spanId} model={model} detail={detail} />}
        {tab === 'events' && <EventsTab model={model} span={span} />}
      </div>
    </>
  );
}

function OpenCode({ model, span }: { readonly model: TraceModel; readonly span: Span }): ComponentChild {
  const file = span.codeFile ?? '';
  const place = `${file.split(/[\\/]/).slice(-2).join('/')}${span.codeLine === null ? '' : `:${span.codeLine}`}`;
  return (
    <button type="button" class="link code" title={`Open ${file}${span.codeLine === null ? '' : `, line ${span.codeLine}`}${span.codeFunction === null ? '' : `, ${span.codeFunction}`}\n${(span.sources.code ?? []).join(', ')}`} onClick={() => model.request('open', { what: 'code', spanId: span.spanId })}>
      <Icon name="goToFile" /><span class="ell"><span class="code-word">Open code </span><Visible text={place} /></span>
    </button>
  );
}

function Close({ model }: { readonly model: TraceModel }): ComponentChild {
  return <IconButton icon="close" label="Close" title="Close (Escape)" onClick={() => model.close()} />;
}

/** The numbers of a span. What is not known is left out, never 0. */
function Strip({ model, detail }: { readonly model: TraceModel; readonly detail: SpanDetail }): ComponentChild {
  const { span, total } = detail;
  const ms = span.endNs === null ? null : Number(BigInt(span.endNs) - BigInt(span.startNs)) / 1e6;
  const duration = span.startNs === '0' ? 'start unknown' : ms === null ? 'running' : formatDuration(Math.max(0, ms));
  const { tokens } = span;
  const facts: [label: string, value: ComponentChild, title?: string][] = [];
  if (span.model !== null) facts.push(['Model', <Visible text={span.model} />, modelTitle(span)]);
  facts.push(['Duration', duration, `${span.startNs} – ${span.endNs ?? 'running'} ns`]);
  if (span.timeToFirstTokenMs !== null) facts.push(['First token', formatDuration(span.timeToFirstTokenMs)]);
  if (tokens !== null) {
    const input = add(tokens.input, tokens.cacheRead, tokens.cacheWrite);
    const count = (label: string, value: number | null, title?: string): void => { if (value !== null) facts.push([label, formatCount(value), title]); };
    count('Tokens in', input, 'With what came from a cache or was written to one');
    count('Cached', tokens.cacheRead, 'Of those in: read from the cache');
    if ((tokens.cacheWrite ?? 0) > 0) count('Cache write', tokens.cacheWrite);
    count('Out', tokens.output);
    if ((tokens.reasoning ?? 0) > 0) count('Reasoning', tokens.reasoning, 'Apart from those out');
  }
  if (span.cost !== null) facts.push(['Cost', formatUsd(span.cost), costTitle(span)]);
  else if (tokens !== null && span.usageRole === 'leaf') facts.push(['Cost', 'unknown', 'No price is known for this model']);
  if (total.spans > 1) {
    facts.push(['Spans', formatCount(total.spans), 'With all below']);
    if (total.errors > 0) facts.push(['Errors', formatCount(total.errors), 'With all below']);
    if (total.tokens !== null && span.usageRole !== 'leaf') facts.push(['All tokens', tokensOf(total.tokens).replace(/ tok$/, ''), 'Of all calls below, each counted once']);
    if (total.cost !== null && span.usageRole !== 'leaf') facts.push(['All cost', `${total.unpriced > 0 ? '≥ ' : ''}${formatUsd(total.cost)}`, total.unpriced > 0 ? `No price is known for ${formatCount(total.unpriced, 'call')}` : 'Of all calls below, each counted once']);
  }
  void model;
  return <dl class="strip">{facts.map(([label, value, title]) => <div key={label} title={title}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>;
}

function modelTitle(span: Span): string {
  const asked = span.modelRequested !== null && span.modelServed !== null && span.modelRequested !== span.modelServed ? `asked for ${span.modelRequested}, served by ${span.modelServed}` : '';
  return [span.provider ?? '', asked, ...(span.sources.modelServed ?? span.sources.modelRequested ?? [])].filter((part) => part !== '').join('\n');
}

function costTitle(span: Span): string {
  const own = span.costSource === 'reported' ? `Reported by the sender (${(span.sources.costReported ?? []).join(', ')})` : 'Computed from the tokens and the price table';
  return span.costSource === 'reported' && span.costComputed !== null ? `${own}; the price table says ${formatUsd(span.costComputed)}` : own;
}

/** What a reader must know before the content: failure, usage that does not count, content that was not sent. */
function Notes({ span }: { readonly span: Span }): ComponentChild {
  const failed = span.status === 'error' || span.error !== null;
  const message = span.error?.message ?? span.statusMessage;
  return (
    <>
      {failed && (
        <section class="span-error" aria-label="Error">
          <Icon name="error" class="fail" />
          <div>
            <p><b>{span.error?.type === null || span.error?.type === undefined ? 'Failed' : <Visible text={span.error.type} />}</b>{message !== null && message !== '' && <>: <Visible text={message} /></>}</p>
            {span.error?.stack !== null && span.error?.stack !== undefined && <details><summary>Stack</summary><pre class="stack"><Visible text={span.error.stack.slice(0, 20_000)} /></pre></details>}
          </div>
        </section>
      )}
      {(span.usageRole === 'aggregate' || span.usageRole === 'duplicate') && <p class="span-note"><Icon name="info" class="dim" /><span>{span.usageReason ?? 'Its usage is counted elsewhere.'} <span class="dim">Not in the sums.</span></span></p>}
      {span.promptName !== null && span.kind !== 'llm' && <p class="span-note"><span class="dim">Prompt</span> <span class="ell"><Visible text={span.promptName} />{span.promptVersion !== null && <span class="mono"> · <Visible text={span.promptVersion} /></span>}</span></p>}
      {span.contentHint !== null && <p class="span-note"><Icon name="info" class="dim" /><span><Visible text={span.contentHint} /></span></p>}
    </>
  );
}

const TABS: readonly DetailTab[] = ['conversation', 'raw', 'attributes', 'events'];

function tabName(tab: DetailTab, span: Span): string {
  if (tab === 'raw') return 'Input/Output';
  if (tab === 'attributes') return 'Attributes';
  if (tab === 'events') return 'Events';
  if (span.inputForm === 'messages' || span.outputForm === 'messages') return 'Conversation';
  return span.kind === 'tool' ? 'Tool call' : span.retrieval !== null ? 'Documents' : span.memory !== null ? 'Memory' : 'Content';
}

function DetailTabs({ model, detail: { span } }: { readonly model: TraceModel; readonly detail: SpanDetail }): ComponentChild {
  const counts: Partial<Record<DetailTab, number>> = { attributes: Object.keys(span.attributes).length, events: span.events.length + span.links.length };
  const tabs = TABS.map((tab) => {
    const count = counts[tab] ?? 0;
    return { tab, label: <>{tabName(tab, span)}{count > 0 && <span class="count-of">{formatCount(count)}</span>}</> };
  });
  return <Tabs tabs={tabs} tab={model.state.value.tab} label="Span" onChoose={(next) => model.update({ tab: next })} />;
}

function DetailLoading({ model }: { readonly model: TraceModel }): ComponentChild {
  return (
    <>
      <div class="dhead"><i class="ph ph-title" /><span class="nav"><Close model={model} /></span></div>
      <div class="detail-ph" aria-busy="true">{Array.from({ length: 6 }, (_, at) => <i key={at} class={`ph bar-${at % 5}`} />)}</div>
    </>
  );
}

function add(...values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}
