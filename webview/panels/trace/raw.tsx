import type { ComponentChild } from 'preact';
import type { SpanDetail } from '../../../src/protocol/traces.ts';
import { Section } from './content.tsx';
import type { TraceModel } from './trace-model.ts';
import { WholeValue } from './whole-text.tsx';

const VALUES = [['input', 'Input'], ['output', 'Output'], ['toolArguments', 'Tool arguments'], ['toolResult', 'Tool result'], ['tools', 'Tools offered'], ['retrieval', 'Retrieval'], ['memory', 'Memory'], ['metadata', 'Metadata']] as const;

/** Input and output as data, with nothing folded into a conversation. */
export function RawTab({ model, detail }: { readonly model: TraceModel; readonly detail: SpanDetail }): ComponentChild {
  const { span } = detail;
  const present = VALUES.filter(([field]) => span[field] !== null);
  if (present.length === 0) return <p class="note">Neither input nor output was recorded.</p>;
  return present.map(([field, title]) => (
    <Section key={field} title={title} aside={<button type="button" class="link-dim" onClick={() => model.request('open', { what: 'value', spanId: span.spanId, pointer: `/${field}` })}>Open in an editor</button>}>
      <div class="pad"><WholeValue at={{ model, detail }} pointer={`/${field}`} value={span[field]} /></div>
    </Section>
  ));
}
