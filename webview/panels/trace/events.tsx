import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import type { Span } from '../../../src/core/trace/model.ts';
import { timeLabel } from '../../../src/core/trace/view/time-axis.ts';
import { JsonTree } from '../../shared/json-tree.tsx';
import { Visible } from '../../shared/long-text.tsx';
import { clip } from '../../shared/visible-text.ts';
import { Section } from './content.tsx';
import type { TraceModel } from './trace-model.ts';

const SHOWN = 100;

export function EventsTab({ model, span }: { readonly model: TraceModel; readonly span: Span }): ComponentChild {
  const [shown, show] = useState(SHOWN);
  const { events, links } = span;
  if (events.length === 0 && links.length === 0) return <p class="note">This span has no events and no links.</p>;
  const after = (ns: string): number => Number(BigInt(ns) - BigInt(span.startNs)) / 1e6;
  return (
    <>
      {events.length > 0 && (
        <Section title={formatCount(events.length, 'event')}>
          {events.slice(0, shown).map((event, index) => (
            <div key={index} class="event">
              <span class="mono dim" title={`${event.timeNs} ns`}>{timeLabel(after(event.timeNs), 0.01)}</span>
              <div><p class="event-name"><Visible text={clip(event.name, 300)} /></p>{Object.keys(event.attributes).length > 0 && <JsonTree value={event.attributes} />}</div>
            </div>
          ))}
          {events.length > shown && <p class="pad"><button type="button" class="link" onClick={() => show(shown + SHOWN)}>Show {formatCount(Math.min(SHOWN, events.length - shown))} more of {formatCount(events.length - shown)}</button></p>}
        </Section>
      )}
      {links.length > 0 && (
        <Section title={formatCount(links.length, 'link')}>
          {links.slice(0, shown).map((link, index) => (
            <div key={index} class="event">
              <span class="dim">span</span>
              <div>
                <button type="button" class="link mono" title="Open the span that this one links to" onClick={() => (link.traceId === span.traceId ? model.revealSpan(link.spanId) : model.request('open', { what: 'trace', traceId: link.traceId, spanId: link.spanId }))}>{link.spanId}</button>
                {link.traceId !== span.traceId && <span class="dim mono"> of {link.traceId}</span>}
                {Object.keys(link.attributes).length > 0 && <JsonTree value={link.attributes} />}
              </div>
            </div>
          ))}
        </Section>
      )}
    </>
  );
}
