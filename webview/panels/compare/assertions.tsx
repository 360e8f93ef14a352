import type { ComponentChild } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { AssertionResult } from '../../../src/core/assert/model.ts';
import { formatScore } from '../../../src/core/text/format.ts';
import { CompareIcon } from './icons.tsx';
import { LongText, Visible } from '../../shared/long-text.tsx';
import { pairAssertions, type AssertionPair } from './assertion-pairs.ts';

/** Every check with its outcome on both sides. */
export function PairedAssertions({ left, right }: { readonly left: readonly AssertionResult[]; readonly right: readonly AssertionResult[] }): ComponentChild {
  const pairs = useMemo(() => pairAssertions(left, right), [left, right]);
  return <ul class="checks">{pairs.map((pair) => <Check key={`${pair.depth}${pair.key}`} pair={pair} />)}</ul>;
}

function Check({ pair: { left, right, depth } }: { readonly pair: AssertionPair }): ComponentChild {
  const check = left ?? right;
  if (check === null) return null;
  const value = check.value ?? '';
  const title = check.name ?? (value === '' ? check.type : value);
  return (
    <li class={`check depth-${Math.min(depth, 3)}`}>
      <div class="check-name"><span class="ell" title={title}><Visible text={title} /></span>{title !== check.type && <span class="dim ell kind">{check.type}</span>}</div>
      <div class="sides"><Outcome result={left} other={right} /><Outcome result={right} other={left} /></div>
    </li>
  );
}

function Outcome({ result, other }: { readonly result: AssertionResult | null; readonly other: AssertionResult | null }): ComponentChild {
  const [judge, showJudge] = useState(false);
  if (result === null) return <div class="outcome dim"><span /><span class="reason">not checked</span></div>;
  // A reason that both sides share, of a check that passes on both, says nothing about the difference.
  const reason = result.error ?? (result.pass && other?.pass === true && other.reason === result.reason ? '' : result.reason);
  return (
    <div class="outcome" title={result.reason}>
      <CompareIcon name={result.error !== undefined ? 'error' : result.pass ? 'check' : 'close'} class={result.pass ? 'pass' : 'fail'} label={result.pass ? 'Passed' : 'Failed'} />
      <span class="mono">{formatScore(result.score)}</span>
      <span class="reason dim">
        <Visible text={reason} />
        {result.judgeOutput !== undefined && <> <button type="button" class="link" aria-expanded={judge} onClick={() => showJudge(!judge)}>{judge ? 'Hide the judge’s answer' : 'Judge’s answer'}</button>{judge && <LongText text={result.judgeOutput} />}</>}
      </span>
    </div>
  );
}
