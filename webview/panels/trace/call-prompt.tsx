import type { ComponentChild } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ShownPrompt } from '../../../src/protocol/trace-panel.ts';
import { Button } from '../../controls/controls.tsx';
import { Visible } from '../../shared/long-text.tsx';
import type { TraceModel } from './trace-model.ts';

/** Moving through a list asks for no prompt before one stays at a call. */
const REST_MS = 120;

/** Which prompt rendered a call, and what can be made of it. What is not known yet takes its place, so that nothing moves. */
export function CallPrompt({ model, spanId }: { readonly model: TraceModel; readonly spanId: string }): ComponentChild {
  const [prompt, setPrompt] = useState<ShownPrompt | null>(null);
  useEffect(() => {
    let left = false;
    const timer = setTimeout(() => {
      // A call whose prompt cannot be found out is still one that can be replayed: the line stays without it.
      model.api.request('trace/prompt', { spanId }).then((found) => { if (!left) setPrompt(found); }, () => undefined);
    }, REST_MS);
    return () => { left = true; clearTimeout(timer); };
  }, [spanId]);
  const open = (what: 'prompt' | 'new-prompt' | 'golden' | 'replay') => () => model.request('open', { what, spanId });
  return (
    <div class="span-note call-prompt">
      <span class="dim">Prompt</span>
      <span class={prompt?.origins.length === 0 ? 'none' : 'ell'}>{prompt === null ? <span class="dim">…</span> : <Origin prompt={prompt} onOpen={open('prompt')} onCreate={open('new-prompt')} />}</span>
      <span class="call-acts">
        <Button onClick={open('golden')} title="Append this call to the prompt's golden dataset (Ctrl+G)">Add to golden dataset</Button>
        <Button onClick={open('replay')} title="Ask again, as a version of its prompt or another model would (Ctrl+Enter)">Replay…</Button>
      </span>
    </div>
  );
}

function Origin({ prompt: { how, certain, origins, note }, onOpen, onCreate }: { readonly prompt: ShownPrompt; readonly onOpen: () => void; readonly onCreate: () => void }): ComponentChild {
  const [origin] = origins;
  if (origin === undefined) {
    return (
      <>
        <button type="button" class="link" title="Opens a new prompt file with the call's messages, model and parameters, not saved yet" onClick={onCreate}>New prompt from this call</button>
        <span class="dim" title={note ?? undefined}> {note ?? 'none of this workspace'}</span>
      </>
    );
  }
  const fit = origin.exact || how === 'said' ? (certain ? (how === 'said' ? 'said by the app' : 'exact') : 'not certain') : `a guess: ${Math.round(origin.score * 100)} % of its text`;
  const title = [note, origin.variables.length === 0 ? null : `Variables: ${origin.variables.join(', ')}`, origins.length > 1 ? `Also: ${origins.slice(1).map(({ name }) => name).join(', ')}` : null].filter((line) => line !== null).join('\n');
  return (
    <>
      <button type="button" class="link" title={title === '' ? 'Open the prompt' : title} onClick={onOpen}><Visible text={origin.name} /></button>
      <span class="mono"> · {origin.versions.slice(0, 2).join(', ')}{origin.versions.length > 2 ? ', …' : ''}</span>
      <span class="dim"> {fit}</span>
    </>
  );
}
