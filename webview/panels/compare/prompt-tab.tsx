import type { ComponentChild } from 'preact';
import { useMemo } from 'preact/hooks';
import { canonicalJson } from '../../../src/core/json.ts';
import type { ComparedPrompt, Comparison } from '../../../src/protocol/compare.ts';
import { Button } from '../../controls/controls.tsx';
import { LongText, Visible } from '../../shared/long-text.tsx';
import type { CompareModel } from './compare-model.ts';
import { DifferenceView } from './difference-view.tsx';
import { matchParts, messagesOf, toolsOf, type PartPair } from './prompt-match.ts';

/** What was changed in the prompt: its messages by words, its model, parameters and tools. */
export function PromptTab({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  const read = model.prompts.value;
  if (read === null) return <div class="detail-ph" aria-busy="true"><i class="ph" /><i class="ph" /><i class="ph" /></div>;
  if (read.value === null) return <p class="note" role="alert">The prompts cannot be read: {read.failure?.message}</p>;
  return <Prompts model={model} comparison={comparison} a={read.value.a} b={read.value.b} />;
}

function Prompts({ model, comparison, a, b }: { readonly model: CompareModel; readonly comparison: Comparison; readonly a: ComparedPrompt; readonly b: ComparedPrompt }): ComponentChild {
  const messages = useMemo(() => matchParts(messagesOf(a), messagesOf(b)), [a, b]);
  const tools = useMemo(() => matchParts(toolsOf(a), toolsOf(b)), [a, b]);
  const settings = useMemo(() => settingsOf(a, b), [a, b]);
  const changes = [...messages, ...tools].filter((pair) => pair.a?.text !== pair.b?.text).length + settings.filter(({ differs }) => differs).length;
  const alike = changes === 0;
  return (
    <>
      <div class="by">
        <span>{alike ? 'Both sides have the same prompt.' : summaryOf(messages, tools, settings)}</span>
        <Button class="push" title="Opens both prompts in VS Code’s diff editor" onClick={() => model.request('prompts/diff', { ref: comparison.ref })}>Open in diff editor</Button>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Difference of the prompts">
        <div class="sides heads sticky-heads"><div class="side-head"><span class="ell side-name">{comparison.a.label}</span></div><div class="side-head"><span class="ell side-name">{comparison.b.label}</span></div></div>
        {settings.length > 0 && (
          <section class="message" aria-label="Model and parameters">
            {settings.map(({ name, a: one, b: other, differs }) => (
              <div key={name} class="setting">
                <span class="name dim ell" title={name}>{name}</span>
                <span class="mono value">{differs && one !== '' ? <del><Visible text={one} /></del> : <Visible text={one} />}{one === '' && <span class="dim">not set</span>}</span>
                <span class="mono value">{differs && other !== '' ? <ins><Visible text={other} /></ins> : <Visible text={other} />}{other === '' && <span class="dim">not set</span>}</span>
              </div>
            ))}
          </section>
        )}
        {messages.map((pair, i) => <Part key={i} pair={pair} kind="" />)}
        {tools.map((pair, i) => <Part key={`tool${i}`} pair={pair} kind="tool " />)}
      </div>
    </>
  );
}

function Part({ pair: { a, b }, kind }: { readonly pair: PartPair; readonly kind: string }): ComponentChild {
  const state = a === null ? 'added' : b === null ? 'removed' : a.text === b.text ? 'unchanged' : 'changed';
  const label = `${kind}${(a ?? b)?.label ?? ''}`;
  return (
    <section class="message" aria-label={`${label}, ${state}`}>
      <div class="message-head"><span class="role-name">{label}</span> <span class={state === 'unchanged' ? 'dim' : `state ${state}`}>{state}</span></div>
      {state === 'unchanged' ? <div class="one"><LongText text={a?.text ?? ''} /></div> : <DifferenceView left={a?.text ?? ''} right={b?.text ?? ''} />}
    </section>
  );
}

interface Setting {
  readonly name: string;
  /** As JSON, texts bare; empty: not set. */
  readonly a: string;
  readonly b: string;
  readonly differs: boolean;
}

/** Model, parameters, response format and tool choice of both sides: what differs first. */
function settingsOf(a: ComparedPrompt, b: ComparedPrompt): readonly Setting[] {
  const all = ({ model, parameters: { extra, ...parameters }, responseFormat, toolChoice }: ComparedPrompt): Readonly<Record<string, unknown>> => ({ model, ...parameters, ...extra, responseFormat, toolChoice });
  const [one, other] = [all(a), all(b)];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])]
    .map((name) => ({ name, a: shownValue(one[name]), b: shownValue(other[name]), differs: textOf(one[name]) !== textOf(other[name]) }))
    .filter((setting) => setting.a !== '' || setting.b !== '')
    .sort((x, y) => Number(y.name === 'model') - Number(x.name === 'model') || Number(y.differs) - Number(x.differs));
}

function textOf(value: unknown): string {
  return value === undefined ? '' : canonicalJson(value);
}

function shownValue(value: unknown): string {
  return value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value, null, typeof value === 'object' ? 2 : undefined);
}

function summaryOf(messages: readonly PartPair[], tools: readonly PartPair[], settings: readonly Setting[]): string {
  const count = (pairs: readonly PartPair[], noun: string): string[] => {
    const parts = [
      ['changed', pairs.filter(({ a, b }) => a !== null && b !== null && a.text !== b.text).length],
      ['added', pairs.filter(({ a }) => a === null).length],
      ['removed', pairs.filter(({ b }) => b === null).length],
    ] as const;
    return parts.flatMap(([what, n]) => (n === 0 ? [] : [`${n} ${noun}${n === 1 ? '' : 's'} ${what}`]));
  };
  const changed = settings.filter(({ differs }) => differs).map(({ name }) => name);
  return [...count(messages, 'message'), ...count(tools, 'tool'), ...(changed.length === 0 ? [] : [`${changed.join(', ')} changed`])].join(', ');
}
