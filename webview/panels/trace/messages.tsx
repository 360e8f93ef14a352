import type { ComponentChild } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatCount, formatDuration } from '../../../src/core/text/format.ts';
import type { TreeView } from '../../../src/core/trace/view/tree-view.ts';
import type { SpanDetail } from '../../../src/protocol/traces.ts';
import { Icon } from '../../controls/icon.tsx';
import { Visible } from '../../shared/long-text.tsx';
import { clip } from '../../shared/visible-text.ts';
import { isMessages, MessageRow, tokensOfAnswer } from './conversation.tsx';
import { KindIcon } from './icons.tsx';
import { asFailure } from '../../shared/failure.ts';
import type { TraceModel } from './trace-model.ts';
import { conversationSpans, Conversations, type Turn } from './thread.ts';
import { pointerTo, WholeValue } from './whole-text.tsx';

/** Spans that are asked for at once. */
const BATCH = 8;
/** Pixels before the end at which the next ones are asked for. */
const AHEAD = 800;
/** Characters of why a call failed, in its line. */
const MAX_FAILURE = 200;

interface Shown {
  readonly detail: SpanDetail;
  readonly turn: Turn | null;
}

/** The whole trace as one conversation: every message once, where it was said first. */
export function Messages({ model, view }: { readonly model: TraceModel; readonly view: TreeView }): ComponentChild {
  const spans = useMemo(() => conversationSpans(view.skeleton), [view]);
  const ids = useMemo(() => [...spans.subarray(0, 100_000)].map((at) => view.positions.id(at)), [spans]);
  const [shown, setShown] = useState<readonly Shown[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const box = useRef<HTMLElement>(null);
  const reading = useRef<{ conversations: Conversations; asked: number; busy: boolean; known: Shown[] }>({ conversations: new Conversations(), asked: 0, busy: false, known: [] });

  const readOn = async (): Promise<void> => {
    const state = reading.current;
    if (state.busy || state.asked >= ids.length) return;
    state.busy = true;
    try {
      const batch = ids.slice(state.asked, state.asked + BATCH);
      const details = await Promise.all(batch.map((spanId) => model.api.request('trace/span', { spanId })));
      state.asked += batch.length;
      for (const detail of details) state.known.push({ detail, turn: turnOf(detail, state.conversations) });
      setShown([...state.known]);
      setFailure(null);
    } catch (error) {
      const { code, message } = asFailure(error);
      if (code !== 'cancelled') setFailure(message);
    } finally {
      state.busy = false;
    }
  };
  const more = (): void => {
    const element = box.current;
    if (element !== null && element.scrollTop + element.clientHeight > element.scrollHeight - AHEAD) void readOn();
  };
  // After each batch: what was read may not fill the panel yet, or may have said nothing new. A newer revision only adds at the end.
  useEffect(() => { if (failure === null) more(); }, [shown, ids, failure]);
  const told = shown.filter(({ detail, turn }) => turn === null || turn.input.length + turn.output.length > 0 || detail.span.kind === 'tool');
  const done = reading.current.asked >= ids.length;
  return (
    <main ref={box} class="messages" tabIndex={0} aria-label="Conversation" onScroll={more}>
      {told.map(({ detail, turn }) => <TurnView key={detail.span.spanId} model={model} detail={detail} turn={turn} />)}
      {failure !== null && <p class="note"><span class="fail">{failure}</span> <button type="button" class="link" onClick={() => void readOn()}>Try again</button></p>}
      {!done && failure === null && <p class="note">{formatCount(reading.current.asked)} of {formatCount(ids.length, 'call')} read</p>}
      {done && told.length === 0 && <p class="nothing-at-all">No messages were recorded in this trace. <span class="dim">{shown.find(({ detail }) => detail.span.contentHint !== null)?.detail.span.contentHint}</span></p>}
    </main>
  );
}

/** `null`: it has content, and no messages. Of a call of a tool that messages tell of nothing is said again. */
function turnOf({ span }: SpanDetail, conversations: Conversations): Turn | null {
  if (span.kind === 'tool' && conversations.tells(span.toolName ?? span.name, span.toolCallId)) return NOTHING;
  const input = span.inputForm === 'messages' && isMessages(span.input) ? span.input : [];
  const output = span.outputForm === 'messages' && isMessages(span.output) ? span.output : [];
  if (input.length + output.length > 0) return conversations.add(input, output);
  const spoken = spokenOf(span);
  return (span.kind === 'llm' || span.kind === 'tool') && (spoken.input.value !== null || spoken.output.value !== null) ? null : NOTHING;
}

const NOTHING: Turn = { conversation: -1, begins: false, input: [], output: [] };

interface Spoken {
  readonly role: string;
  readonly pointer: string;
  readonly value: unknown;
}

/** What a span without messages was given and gave. */
function spokenOf(span: SpanDetail['span']): { readonly input: Spoken; readonly output: Spoken } {
  const ofTool = span.kind === 'tool';
  return {
    input: ofTool && span.toolArguments !== null ? { role: 'arguments', pointer: '/toolArguments', value: span.toolArguments } : { role: 'input', pointer: '/input', value: span.input },
    output: ofTool && span.toolResult !== null ? { role: 'result', pointer: '/toolResult', value: span.toolResult } : { role: 'output', pointer: '/output', value: span.output },
  };
}

function TurnView({ model, detail, turn }: { readonly model: TraceModel; readonly detail: SpanDetail; readonly turn: Turn | null }): ComponentChild {
  const { span } = detail;
  const at = { model, detail };
  const ms = span.endNs === null ? null : Number(BigInt(span.endNs) - BigInt(span.startNs)) / 1e6;
  const failure = span.error?.message ?? span.statusMessage;
  const answer = turn === null ? null : tokensOfAnswer(span.tokens, turn.output.map(({ message }) => message));
  return (
    <article class={turn?.begins === true ? 'turn begins' : 'turn'} aria-label={span.name}>
      <button type="button" class="turn-head" title="Show the span" onClick={() => model.revealSpan(span.spanId)}>
        <KindIcon kind={span.kind} />
        <span class="ell"><Visible text={clip(detail.path.at(-1)?.name ?? '', 60)} />{detail.path.length > 0 && <span class="dim"> › </span>}<Visible text={clip(span.name, 100)} /></span>
        {span.model !== null && span.model !== span.name && <span class="dim ell wide"><Visible text={clip(span.model, 60)} /></span>}
        <span class="dim mono">{ms === null ? 'running' : formatDuration(ms)}</span>
        {span.status === 'error' && <Icon name="error" class="fail" label="Failed" />}
        {span.status === 'error' && failure !== null && <span class="dim ell"><Visible text={clip(failure, MAX_FAILURE)} /></span>}
      </button>
      {turn === null ? (
        Object.values(spokenOf(span)).map(({ role, pointer, value }) => value !== null && <div key={pointer} class="msg"><span class="role in">{role}</span><div class="parts-of"><WholeValue at={at} pointer={pointer} value={value} /></div></div>)
      ) : (
        <>
          {turn.input.map(({ index, message }) => <MessageRow key={`i${index}`} at={at} pointer={pointerTo('input', index)} message={message} />)}
          {turn.output.map(({ index, message }) => <MessageRow key={`o${index}`} at={at} pointer={pointerTo('output', index)} message={message} tokens={answer} />)}
        </>
      )}
    </article>
  );
}
