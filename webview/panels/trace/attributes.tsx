import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { Field } from '../../../src/core/trace/model.ts';
import type { SpanDetail } from '../../../src/protocol/traces.ts';
import { Icon } from '../../controls/icon.tsx';
import { Visible } from '../../shared/long-text.tsx';
import { clip } from '../../shared/visible-text.ts';
import { Section } from './content.tsx';
import { oneLine } from './conversation.tsx';
import type { TraceModel } from './trace-model.ts';
import { pointerTo, WholeValue, type ValueContext } from './whole-text.tsx';

const SHOWN = 200;

/** Names of the fields as a person reads them. */
const FIELDS: Readonly<Record<Field, string>> = {
  kind: 'kind', operation: 'operation', provider: 'provider', modelRequested: 'model asked for', modelServed: 'model that served', parameters: 'parameters', responseId: 'response id',
  finishReasons: 'finish reasons', timeToFirstTokenMs: 'first token', input: 'input', output: 'output', tools: 'tools offered', toolName: 'tool', toolCallId: 'id of the tool call',
  toolArguments: 'tool arguments', toolResult: 'tool result', tokens: 'tokens', costReported: 'reported cost', session: 'session', user: 'user', agentName: 'agent', agentId: 'agent id',
  promptName: 'prompt', promptVersion: 'prompt version', promptVariables: 'prompt variables', tags: 'tags', metadata: 'metadata', scores: 'scores', error: 'error', retrieval: 'retrieval',
  memory: 'memory', environment: 'environment', code: 'code',
};

/** Everything that was sent, as it was sent; and from which of it each thing that the panel says was read. */
export function AttributesTab({ model, detail }: { readonly model: TraceModel; readonly detail: SpanDetail }): ComponentChild {
  const [wanted, setWanted] = useState('');
  const { span } = detail;
  const at = { model, detail };
  const search = wanted.trim().toLowerCase();
  const sources = Object.entries(span.sources).filter(([field, from]) => from.length > 0 && (search === '' || `${FIELDS[field as Field]} ${from.join(' ')}`.toLowerCase().includes(search)));
  return (
    <>
      <div class="attr-search"><Icon name="search" /><input type="search" placeholder="Search attributes" aria-label="Search attributes" spellcheck={false} value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === 'Escape' && wanted !== '') { setWanted(''); event.stopPropagation(); } }} /></div>
      <Members at={at} title="Attributes" of="attributes" value={span.attributes} search={search} />
      {sources.length > 0 && (
        <Section title="Read from" aside={<span class="dim">{span.dialects.join(', ')}</span>}>
          <dl class="pairs">{sources.map(([field, from]) => <div key={field}><dt>{FIELDS[field as Field] ?? field}</dt><dd class="mono">{from.slice(0, 12).map((name) => <span key={name} class="source"><Visible text={clip(name, 300)} /></span>)}{from.length > 12 && <span class="dim">and {formatCount(from.length - 12)} more</span>}</dd></div>)}</dl>
        </Section>
      )}
      <Members at={at} title="Resource" of="resource" value={span.resource} search={search} />
      {search === '' && (
        <Section title="Span">
          <dl class="pairs">
            <div><dt>span id</dt><dd class="mono">{span.spanId}</dd></div>
            <div><dt>parent</dt><dd class="mono">{span.parentId ?? 'none'}</dd></div>
            <div><dt>trace id</dt><dd class="mono">{span.traceId}</dd></div>
            <div><dt>instrumentation</dt><dd><Visible text={clip(`${span.scope.name} ${span.scope.version}`.trim() || 'not named', 200)} /></dd></div>
            <div><dt>usage</dt><dd>{span.usageRole === null ? 'none reported' : `${span.usageRole}${span.usageReason === null ? '' : `: ${span.usageReason}`}`}</dd></div>
          </dl>
        </Section>
      )}
    </>
  );
}

function Members({ at, title, of, value, search }: { readonly at: ValueContext; readonly title: string; readonly of: 'attributes' | 'resource'; readonly value: JsonObject; readonly search: string }): ComponentChild {
  const [shown, show] = useState(SHOWN);
  const names = Object.keys(value).filter((name) => search === '' || name.toLowerCase().includes(search) || textOf(value[name]).toLowerCase().includes(search));
  if (names.length === 0) return search === '' || of === 'resource' ? null : <p class="note">No attribute holds “{search}”.</p>;
  return (
    <Section title={title} aside={<span class="dim mono">{formatCount(names.length)}</span>}>
      <dl class="attrs">
        {names.slice(0, shown).map((name) => (
          <div key={name}>
            <dt title={name}><Visible text={clip(name, 300)} /></dt>
            <dd><Value at={at} pointer={pointerTo(of, name)} value={value[name]} /></dd>
          </div>
        ))}
      </dl>
      {names.length > shown && <p class="pad"><button type="button" class="link" onClick={() => show(shown + SHOWN)}>Show {formatCount(Math.min(SHOWN, names.length - shown))} more of {formatCount(names.length - shown)}</button></p>}
    </Section>
  );
}

/** A value on one line; long ones open. */
function Value({ at, pointer, value }: { readonly at: ValueContext; readonly pointer: string; readonly value: unknown }): ComponentChild {
  const [open, setOpen] = useState(false);
  const text = textOf(value);
  if (text.length <= 80 && !text.includes('\n')) return <span class="mono"><Visible text={text} /></span>;
  return (
    <>
      <button type="button" class="fold" aria-expanded={open} onClick={() => setOpen(!open)}><Icon name={open ? 'chevronDown' : 'chevronRight'} />{open ? <span class="dim small">{formatCount(text.length, 'character')}</span> : <span class="ell preview mono"><Visible text={oneLine(text)} /></span>}</button>
      {open && <div class="inner"><WholeValue at={at} pointer={pointer} value={value} /></div>}
    </>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
