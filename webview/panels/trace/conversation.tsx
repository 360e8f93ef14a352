import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import { isObject } from '../../../src/core/json.ts';
import { formatCount } from '../../../src/core/text/format.ts';
import type { Message, Part, TokenBuckets, ToolDefinition } from '../../../src/core/trace/model.ts';
import { Icon } from '../../controls/icon.tsx';
import { JsonTree } from '../../shared/json-tree.tsx';
import { Visible } from '../../shared/long-text.tsx';
import { clip } from '../../shared/visible-text.ts';
import { TraceIcon } from './icons.tsx';
import { PictureOrFile } from './media.tsx';
import { pointerTo, WholeText, WholeValue, type ValueContext } from './whole-text.tsx';

/** Messages that are drawn at once; of a longer history the last ones. */
const SHOWN = 40;
const PREVIEW = 300;
/** Roles that are read once and then known: only their first line stands there. */
const FOLDED: ReadonlySet<string> = new Set(['system', 'developer']);

/** Reasons for which an answer ends well. */
const ORDINARY: ReadonlySet<string> = new Set(['stop', 'tool_calls', 'tool_call', 'tool-calls', 'tool_use', 'end_turn', 'stop_sequence', 'completed']);

export function isMessages(value: unknown): value is readonly Message[] {
  return Array.isArray(value) && value.every((message) => isObject(message) && typeof message['role'] === 'string' && Array.isArray(message['parts']));
}

/** Tokens of a message as its model counted them; `null`: not known. */
interface MessageTokens {
  /** Without those of its reasoning. */
  readonly said: number | null;
  readonly reasoning: number | null;
}

/** What an answer of one message took is what the call wrote. Of several, and of what was given, nobody says how they share it. */
export function tokensOfAnswer(tokens: TokenBuckets | null, messages: readonly Message[]): MessageTokens | null {
  return tokens === null || messages.length !== 1 ? null : { said: tokens.output, reasoning: tokens.reasoning };
}

export function MessageList({ at, side, messages, tokens = null }: { readonly at: ValueContext; readonly side: 'input' | 'output'; readonly messages: readonly Message[]; readonly tokens?: MessageTokens | null }): ComponentChild {
  const [shown, show] = useState(SHOWN);
  const first = Math.max(0, messages.length - shown);
  // What the model was told stays at the top, however long the history is.
  const lead = first > 0 ? messages.findIndex((message) => !FOLDED.has(message.role)) : 0;
  return (
    <>
      {messages.slice(0, Math.min(lead < 0 ? first : lead, first)).map((message, index) => <MessageRow key={index} at={at} pointer={pointerTo(side, index)} message={message} />)}
      {first > lead && lead >= 0 && <p class="more-messages"><button type="button" class="link" onClick={() => show(shown + SHOWN)}>Show {formatCount(Math.min(SHOWN, first - lead))} more of {formatCount(first - lead, 'earlier message')}</button></p>}
      {messages.slice(first).map((message, index) => <MessageRow key={first + index} at={at} pointer={pointerTo(side, first + index)} message={message} tokens={tokens} />)}
    </>
  );
}

export function MessageRow({ at, pointer, message, tokens = null, folded = FOLDED.has(message.role) }: { readonly at: ValueContext; readonly pointer: string; readonly message: Message; readonly tokens?: MessageTokens | null; readonly folded?: boolean }): ComponentChild {
  const [open, setOpen] = useState(!folded);
  const role = <><Visible text={message.role} />{message.name !== undefined && <span class="dim"> <Visible text={clip(message.name, 60)} /></span>}</>;
  const finish = message.finishReason === undefined || ORDINARY.has(message.finishReason.toLowerCase()) ? null : <p class="dim small">finish reason: <Visible text={message.finishReason} /></p>;
  const said = tokens?.said ?? null;
  // Of several thoughts nobody says how they share it.
  const reasoned = message.parts.filter((part) => part.type === 'reasoning').length === 1 ? (tokens?.reasoning ?? null) : null;
  if (folded && !open) {
    return (
      <div class="msg">
        <button type="button" class="role" aria-expanded={false} onClick={() => setOpen(true)}><Icon name="chevronRight" />{role}</button>
        <span class="ell preview" onClick={() => setOpen(true)}><Visible text={previewOf(message)} /></span>
      </div>
    );
  }
  return (
    <div class={`msg role-${/^[a-z]+$/.test(message.role) ? message.role : 'other'}${said === null ? '' : ' counted'}`}>
      {folded ? <button type="button" class="role" aria-expanded={true} onClick={() => setOpen(false)}><Icon name="chevronDown" />{role}</button> : <span class="role in">{role}</span>}
      <div class="parts-of">
        {message.parts.length === 0 && <span class="dim">nothing recorded</span>}
        {message.parts.map((part, index) => <PartView key={index} at={at} pointer={`${pointer}${pointerTo('parts', index)}`} part={part} reasoning={reasoned} />)}
        {finish}
      </div>
      {said !== null && <TokenCount tokens={said} />}
    </div>
  );
}

/** Exact: where nobody has counted none is shown. */
export function TokenCount({ tokens }: { readonly tokens: number }): ComponentChild {
  return <span class="tokens mono dim" title={`${formatCount(tokens, 'token')}, as the model counted`}>{formatCount(tokens)}</span>;
}

function PartView({ at, pointer, part, reasoning }: { readonly at: ValueContext; readonly pointer: string; readonly part: Part; readonly reasoning: number | null }): ComponentChild {
  switch (part.type) {
    case 'text':
      return <WholeText at={at} pointer={`${pointer}/text`} text={part.text} />;
    case 'reasoning':
      return <Reasoning at={at} pointer={pointer} text={part.text} tokens={reasoning} />;
    case 'tool_call':
      return <ToolCall at={at} pointer={pointer} part={part} />;
    case 'tool_result':
      return (
        <div class="result">
          {(part.name !== null || part.isError === true) && <p class="small dim">{part.isError === true && <Icon name="error" class="fail" label="The tool said that it failed" />}{part.name !== null && <Visible text={clip(part.name, 100)} />}</p>}
          <WholeValue at={at} pointer={`${pointer}/result`} value={part.result} />
        </div>
      );
    case 'image':
    case 'file':
      return <PictureOrFile at={at} pointer={`${pointer}/data`} part={part} />;
    case 'json':
      return <WholeValue at={at} pointer={`${pointer}/value`} value={part.value} />;
  }
}

function Reasoning({ at, pointer, text, tokens }: { readonly at: ValueContext; readonly pointer: string; readonly text: string; readonly tokens: number | null }): ComponentChild {
  const [open, setOpen] = useState(false);
  if (text === '') return <p class="dim small">reasoning: text not recorded by the provider{tokens !== null && `, ${formatCount(tokens, 'token')}`}</p>;
  return (
    <div class="reasoning">
      <button type="button" class="fold" aria-expanded={open} onClick={() => setOpen(!open)}><Icon name={open ? 'chevronDown' : 'chevronRight'} /><span class="dim">reasoning</span>{!open && <span class="ell dim preview"><Visible text={oneLine(text)} /></span>}{tokens !== null && <TokenCount tokens={tokens} />}</button>
      {open && <div class="inner dim"><WholeText at={at} pointer={`${pointer}/text`} text={text} /></div>}
    </div>
  );
}

function ToolCall({ at, pointer, part }: { readonly at: ValueContext; readonly pointer: string; readonly part: Extract<Part, { type: 'tool_call' }> }): ComponentChild {
  const [open, setOpen] = useState(false);
  const { id } = part;
  return (
    <div class="call">
      <div class="call-line">
        <button type="button" class="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
          <TraceIcon name="tools" class="hue-tool" /><span class="call-name"><Visible text={clip(part.name, 200)} /></span>
          {!open && <span class="ell dim preview"><Visible text={oneLine(textOf(part.arguments))} /></span>}
        </button>
        {id !== null && id !== '' && <button type="button" class="link small" title={`Find the call ${id} in all spans`} onClick={() => { at.model.find(id); at.model.findFocus.value++; }}>find</button>}
      </div>
      {open && <div class="inner"><WholeValue at={at} pointer={`${pointer}/arguments`} value={part.arguments} /></div>}
    </div>
  );
}

/** What the model could call: names, and their descriptions and parameters when they are opened. */
export function ToolsOffered({ tools }: { readonly tools: readonly ToolDefinition[] }): ComponentChild {
  const [open, setOpen] = useState(false);
  return (
    <div class="msg">
      <button type="button" class="role" aria-expanded={open} onClick={() => setOpen(!open)}><Icon name={open ? 'chevronDown' : 'chevronRight'} />tools</button>
      {open ? <ul class="tools">{tools.map((tool, index) => <li key={index}><ToolOffered tool={tool} /></li>)}</ul> : <span class="ell preview" onClick={() => setOpen(true)}><Visible text={clip(tools.map((tool) => tool.name).join(', '), PREVIEW)} /></span>}
    </div>
  );
}

function ToolOffered({ tool }: { readonly tool: ToolDefinition }): ComponentChild {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="fold" aria-expanded={open} onClick={() => setOpen(!open)}><Icon name={open ? 'chevronDown' : 'chevronRight'} /><span class="call-name"><Visible text={clip(tool.name, 200)} /></span>{!open && <span class="ell dim preview"><Visible text={oneLine(tool.description ?? '')} /></span>}</button>
      {open && <div class="inner">{tool.description !== undefined && <p class="prose"><Visible text={clip(tool.description, 10_000)} /></p>}{tool.parameters !== undefined && <JsonTree value={tool.parameters} />}</div>}
    </>
  );
}

function previewOf(message: Message): string {
  return oneLine(message.parts.map((part) => (part.type === 'text' || part.type === 'reasoning' ? part.text : part.type === 'tool_call' ? part.name : part.type)).join(' '));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

export function oneLine(text: string): string {
  return clip(clip(text, PREVIEW * 4).replace(/\s+/g, ' ').trim(), PREVIEW);
}
