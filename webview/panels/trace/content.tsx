import type { ComponentChild } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import type { Message, Retrieval, Score, Span } from '../../../src/core/trace/model.ts';
import type { MemoryGrowth, SpanDetail } from '../../../src/protocol/traces.ts';
import { Icon } from '../../controls/icon.tsx';
import { JsonTree } from '../../shared/json-tree.tsx';
import { Visible } from '../../shared/long-text.tsx';
import { clip } from '../../shared/visible-text.ts';
import { isMessages, MessageList, oneLine, TokenCount, tokensOfAnswer, ToolsOffered } from './conversation.tsx';
import type { TraceModel } from './trace-model.ts';
import { pointerTo, WholeText, WholeValue, type ValueContext } from './whole-text.tsx';

/** What a span was given and what came of it, in the form that suits its kind. */
export function Content({ model, detail }: { readonly model: TraceModel; readonly detail: SpanDetail }): ComponentChild {
  const at = { model, detail };
  const { span } = detail;
  const input = span.inputForm === 'messages' && isMessages(span.input) ? span.input : null;
  const output = span.outputForm === 'messages' && isMessages(span.output) ? span.output : null;
  const tool = span.kind === 'tool' || span.toolArguments !== null || span.toolResult !== null;
  const empty = !hasContent(span);
  return (
    <>
      {(input !== null || output !== null) && <Conversation at={at} input={input} output={output} />}
      {tool && (span.toolArguments !== null || span.toolResult !== null) && <ToolCallView at={at} />}
      {span.retrieval !== null && <Documents at={at} retrieval={span.retrieval} />}
      {span.memory !== null && <Memory at={at} />}
      {input === null && span.retrieval === null && span.input !== null && !(tool && span.toolArguments !== null) && <Section title="Input"><div class="pad"><WholeValue at={at} pointer="/input" value={span.input} /></div></Section>}
      {output === null && span.retrieval === null && span.output !== null && !(tool && span.toolResult !== null) && <Section title="Output"><div class="pad"><WholeValue at={at} pointer="/output" value={span.output} /></div></Section>}
      {span.scores.length > 0 && <Scores scores={span.scores} />}
      {empty && span.contentHint === null && <p class="note">{detail.total.spans > 1 ? 'No content of its own: what happened is in the spans below it.' : 'No content was recorded for this span.'}</p>}
      {span.parameters !== null && Object.keys(span.parameters).length > 0 && <Section title="Parameters"><div class="pad"><JsonTree value={span.parameters} /></div></Section>}
      {span.promptVariables !== null && Object.keys(span.promptVariables).length > 0 && <Section title="Prompt variables"><div class="pad"><JsonTree value={span.promptVariables} /></div></Section>}
    </>
  );
}

function hasContent(span: Span): boolean {
  return span.input !== null || span.output !== null || span.toolArguments !== null || span.toolResult !== null || span.retrieval !== null || span.memory !== null || span.scores.length > 0;
}

export function Section({ title, aside, children }: { readonly title: string; readonly aside?: ComponentChild; readonly children: ComponentChild }): ComponentChild {
  return <section aria-label={title}><div class="h"><h2>{title}</h2>{aside !== undefined && aside !== null && aside !== false && <span class="aside-of">{aside}</span>}</div>{children}</section>;
}

function Conversation({ at, input, output }: { readonly at: ValueContext; readonly input: readonly Message[] | null; readonly output: readonly Message[] | null }): ComponentChild {
  const { span } = at.detail;
  const { tokens } = span;
  const given = tokens === null ? null : [tokens.input, tokens.cacheRead, tokens.cacheWrite].reduce<number | null>((sum, value) => (value === null ? sum : (sum ?? 0) + value), null);
  const written = tokens === null || (tokens.output === null && tokens.reasoning === null) ? null : (tokens.output ?? 0) + (tokens.reasoning ?? 0);
  return (
    <>
      {(input !== null || span.tools !== null) && (
        <Section title="Input" aside={given !== null && <span class="mono">{formatCount(given)} tok</span>}>
          {span.tools !== null && span.tools.length > 0 && <ToolsOffered tools={span.tools} />}
          {input !== null && <MessageList key={span.spanId} at={at} side="input" messages={input} />}
        </Section>
      )}
      {output !== null && (
        <Section title="Output" aside={written !== null && <span class="mono">{formatCount(written)} tok</span>}>
          {(tokens?.reasoning ?? 0) > 0 && !output.some((message) => message.parts.some((part) => part.type === 'reasoning')) && <div class="msg counted"><span class="role in">reasoning</span><span class="dim">text not recorded by the provider</span><TokenCount tokens={tokens?.reasoning ?? 0} /></div>}
          <MessageList key={span.spanId} at={at} side="output" messages={output} tokens={tokensOfAnswer(tokens, output)} />
        </Section>
      )}
    </>
  );
}

function ToolCallView({ at }: { readonly at: ValueContext }): ComponentChild {
  const { span } = at.detail;
  return (
    <>
      {span.toolArguments !== null && <Section title={`Arguments of ${span.toolName ?? span.name}`} aside={span.toolCallId !== null && <span class="mono dim ell" title="Id of the call"><Visible text={clip(span.toolCallId, 60)} /></span>}><div class="pad"><WholeValue at={at} pointer="/toolArguments" value={span.toolArguments} /></div></Section>}
      {span.toolResult !== null && <Section title="Result"><div class="pad"><WholeValue at={at} pointer="/toolResult" value={span.toolResult} /></div></Section>}
    </>
  );
}

const DOCUMENTS = 20;

function Documents({ at, retrieval }: { readonly at: ValueContext; readonly retrieval: Retrieval }): ComponentChild {
  const [shown, show] = useState(DOCUMENTS);
  const { documents, query, source, topK } = retrieval;
  const top = documents.reduce((most, document) => Math.max(most, document.score ?? 0), 0);
  return (
    <>
      {query !== null && <Section title="Query"><div class="pad"><WholeText at={at} pointer="/retrieval/query" text={query} /></div></Section>}
      <Section title={formatCount(documents.length, 'document')} aside={<span class="dim">{[source === null ? '' : `from ${clip(source, 80)}`, topK === null ? '' : `top ${topK}`].filter((part) => part !== '').join(', ')}</span>}>
        {documents.slice(0, shown).map((document, index) => (
          <div key={index} class="doc">
            <div class="doc-score mono">{document.score === null ? <span class="dim">–</span> : <>{Number(document.score.toPrecision(4))}{top > 0 && top <= 1 && <i class="score-bar" style={{ width: `${Math.max(0, Math.min(1, document.score)) * 100}%` }} />}</>}</div>
            <div class="doc-body">
              {document.id !== null && <p class="mono dim ell"><Visible text={clip(document.id, 200)} /></p>}
              {document.content !== null && <Folded text={document.content}><WholeText at={at} pointer={pointerTo('retrieval', 'documents', index, 'content')} text={document.content} /></Folded>}
              {document.metadata !== null && Object.keys(document.metadata).length > 0 && <details><summary>Metadata</summary><JsonTree value={document.metadata} /></details>}
            </div>
          </div>
        ))}
        {documents.length > shown && <p class="pad"><button type="button" class="link" onClick={() => show(shown + DOCUMENTS)}>Show {formatCount(Math.min(DOCUMENTS, documents.length - shown))} more of {formatCount(documents.length - shown)}</button></p>}
      </Section>
    </>
  );
}

/** A long text by its first lines. */
function Folded({ text, children }: { readonly text: string; readonly children: ComponentChild }): ComponentChild {
  const [open, setOpen] = useState(text.length < 600 && text.split('\n', 9).length < 9);
  if (open) return children;
  return <button type="button" class="fold" aria-expanded={false} onClick={() => setOpen(true)}><Icon name="chevronRight" /><span class="ell preview"><Visible text={oneLine(text)} /></span></button>;
}

const WORDS = { read: 'Read', write: 'Write', delete: 'Delete' } as const;

function Memory({ at }: { readonly at: ValueContext }): ComponentChild {
  const { span } = at.detail;
  const memory = span.memory;
  if (memory === null) return null;
  return (
    <>
      <Section title={WORDS[memory.operation]} aside={memory.store !== null && <span class="dim"><Visible text={clip(memory.store, 80)} /></span>}>
        <div class="pad">
          {memory.query !== null && <p><span class="dim">query </span><Visible text={clip(memory.query, 2000)} /></p>}
          <p class="dim small">{formatCount(memory.items.length, 'item')}</p>
          {memory.items.length > 0 && <WholeValue at={at} pointer="/memory/items" value={memory.items} />}
        </div>
      </Section>
      {span.session !== null && <Growth at={at} session={span.session} />}
    </>
  );
}

const ACCESSES = 50;

/** How the memories of the session grew, access by access. */
function Growth({ at, session }: { readonly at: ValueContext; readonly session: string }): ComponentChild {
  const [growth, setGrowth] = useState<MemoryGrowth | null>(null);
  const [shown, show] = useState(ACCESSES);
  useEffect(() => {
    const asking = new AbortController();
    void at.model.act(async () => setGrowth(await at.model.api.request('trace/memory', { session }, asking.signal)));
    return () => asking.abort();
  }, [session]);
  if (growth === null || growth.accesses.length === 0) return null;
  const largest = growth.accesses.reduce((most, access) => Math.max(most, access.size), 1);
  return (
    <Section title="Memory over the session" aside={<span class="dim">{formatCount(growth.accesses.length, 'access').replace(/accesss$/, 'accesses')}, {formatCount(growth.accesses.at(-1)?.size ?? 0, 'item')} at the end</span>}>
      <ol class="growth">
        {growth.accesses.slice(0, shown).map((access, index) => (
          <li key={index} class={access.spanId === at.detail.span.spanId ? 'here' : undefined}>
            <button type="button" class="growth-line" onClick={() => (access.traceId === at.detail.span.traceId ? at.model.revealSpan(access.spanId) : at.model.request('open', { what: 'trace', traceId: access.traceId, spanId: access.spanId }))}>
              <span class="dim">{access.operation}</span>
              <span class="ell"><Visible text={oneLine(access.preview)} /></span>
              <span class="growth-size mono"><i class="score-bar" style={{ width: `${(access.size / largest) * 100}%` }} />{formatCount(access.size)}</span>
            </button>
          </li>
        ))}
      </ol>
      {growth.accesses.length > shown && <p class="pad"><button type="button" class="link" onClick={() => show(shown + ACCESSES)}>Show more of {formatCount(growth.accesses.length - shown)}</button></p>}
    </Section>
  );
}

function Scores({ scores }: { readonly scores: readonly Score[] }): ComponentChild {
  return (
    <Section title={formatCount(scores.length, 'score')}>
      <dl class="pairs">
        {scores.slice(0, 200).map((score, index) => (
          <div key={index}>
            <dt class="ell" title={score.name}><Visible text={clip(score.name, 200)} /></dt>
            <dd><span class="mono">{score.value === null ? '' : Number(score.value.toPrecision(6))}</span> {score.label !== null && <Visible text={clip(score.label, 200)} />}{score.explanation !== null && <p class="dim"><Visible text={clip(score.explanation, 2000)} /></p>}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
