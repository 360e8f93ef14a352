import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import type { Finding } from '../../../src/core/trace/findings/finding.ts';
import { Icon, type IconName } from '../../controls/icon.tsx';
import { Visible } from '../../shared/long-text.tsx';
import type { TraceModel } from './trace-model.ts';

const SEVERITIES: Readonly<Record<Finding['severity'], { readonly icon: IconName; readonly word: string; readonly class: string; readonly rank: number }>> = {
  error: { icon: 'error', word: 'Error', class: 'fail', rank: 0 },
  warning: { icon: 'warning', word: 'Warning', class: 'warn', rank: 1 },
  info: { icon: 'info', word: 'Note', class: 'dim', rank: 2 },
};
/** Shown without being asked for. */
const FIRST = 2;
const MAX_LISTED = 200;

/** What was noticed, the worst first; each leads to its spans, one after the other. */
export function Findings({ model }: { readonly model: TraceModel }): ComponentChild {
  const [all, showAll] = useState(false);
  const state = model.findings.value;
  if (state === null || (state.findings.length === 0 && state.examined >= state.total)) return null;
  const sorted = state.findings.toSorted((a, b) => SEVERITIES[a.severity].rank - SEVERITIES[b.severity].rank);
  const shown = sorted.slice(0, all ? MAX_LISTED : FIRST);
  return (
    <section class={all ? 'findings all' : 'findings'} aria-label="Findings">
      {shown.map((finding, at) => <FindingLine key={`${finding.rule} ${finding.message} ${at}`} model={model} finding={finding} />)}
      {state.examined < state.total && <span class="finding dim">Looking for findings, {Math.floor((100 * state.examined) / state.total)}%</span>}
      {sorted.length > FIRST && <button type="button" class="link more-findings" aria-expanded={all} onClick={() => showAll(!all)}>{all ? 'Fewer' : `${formatCount(sorted.length - FIRST)} more`}</button>}
    </section>
  );
}

function FindingLine({ model, finding }: { readonly model: TraceModel; readonly finding: Finding }): ComponentChild {
  const [next, setNext] = useState(0);
  const { icon, word, class: className } = SEVERITIES[finding.severity];
  const { spanIds } = finding;
  const go = (): void => {
    const id = spanIds[next % spanIds.length];
    if (id === undefined) return;
    model.revealSpan(id);
    setNext((next + 1) % spanIds.length);
  };
  return (
    <div class="finding">
      <Icon name={icon} class={className} label={word} />
      <span class={`severity ${className}`} aria-hidden="true">{word}</span>
      {spanIds.length === 0 ? <span class="ell" title={finding.message}><Visible text={finding.message} /></span>
        : <button type="button" class="finding-text" title={`${finding.message}${spanIds.length > 1 ? `\nGo to its ${formatCount(spanIds.length, 'span')}, one after the other` : ''}`} onClick={go}><Visible text={finding.message} /></button>}
    </div>
  );
}
