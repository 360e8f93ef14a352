import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import type { CellRequest } from '../../../src/core/eval/model.ts';
import type { ChatMessage } from '../../../src/core/model/model.ts';
import { formatCount } from '../../../src/core/text/format.ts';
import { LongText, Visible } from '../../shared/long-text.tsx';

/** Lines of a message that are shown before one asks for more. */
const FOLDED_LINES = 6;

/** The messages as they were sent; what came from variables is marked. */
export function RenderedMessages({ request, folded }: { readonly request: CellRequest; readonly folded: boolean }): ComponentChild {
  return request.messages.map((message, i) => <Message key={i} message={message} inserted={request.inserted[i] ?? []} folded={folded} />);
}

function Message({ message, inserted, folded }: { readonly message: ChatMessage; readonly inserted: readonly (readonly [number, number])[]; readonly folded: boolean }): ComponentChild {
  const [whole, setWhole] = useState(!folded);
  const text = typeof message.content === 'string' ? message.content : message.content.filter((part) => part.type === 'text').map((part) => part.text).join('\n');
  const images = typeof message.content === 'string' ? [] : message.content.filter((part) => part.type === 'image');
  const cut = whole ? text.length : endOfLine(text, FOLDED_LINES);
  const hidden = cut < text.length ? text.slice(cut + 1).split('\n').length : 0;
  return (
    <div class="msg">
      <div class="role"><span>{message.role}{message.name === undefined ? '' : ` ${message.name}`}</span></div>
      {text !== '' && <LongText text={text.slice(0, cut)} marks={inserted} />}
      {hidden > 0 && <button type="button" class="link more" onClick={() => setWhole(true)}>Show {formatCount(hidden, 'more line')}</button>}
      {images.map((image, i) => <p key={i} class="note" title={image.url.slice(0, 200)}>image, {image.url.startsWith('data:') ? `${formatCount(image.url.length)} characters of data` : 'by its address'}; not loaded</p>)}
      {message.toolCalls?.map((call) => <p key={call.id} class="mono call"><Visible text={`${call.name}(${call.arguments})`} /></p>)}
    </div>
  );
}

/** Offset of the end of the n-th line, or of the text. */
function endOfLine(text: string, lines: number): number {
  let at = -1;
  for (let line = 0; line < lines; line++) {
    at = text.indexOf('\n', at + 1);
    if (at < 0) return text.length;
  }
  return at;
}
