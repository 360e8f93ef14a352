import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import type { AssertionResult } from '../../../src/core/assert/model.ts';
import { formatScore, formatUsd } from '../../../src/core/text/format.ts';
import { LongText, Visible } from '../../shared/long-text.tsx';
import { RunIcon } from './icons.tsx';

/** All checks of one cell, failing ones first, with their reasons. */
export function Assertions({ results }: { readonly results: readonly AssertionResult[] }): ComponentChild {
  if (results.length === 0) return <p class="note">No assertion looked at this output.</p>;
  return (
    <section aria-label="Assertions">
      <div class="as hd"><h2>Assertions</h2><span class="n">weight</span><span class="n">score</span></div>
      <ul class="as-list">{failingFirst(results).map((result, i) => <Assertion key={i} result={result} depth={0} />)}</ul>
    </section>
  );
}

function Assertion({ result, depth }: { readonly result: AssertionResult; readonly depth: number }): ComponentChild {
  const [judge, showJudge] = useState(false);
  // A passing check's reason repeats its name; it is in the tooltip.
  const reason = result.error ?? (result.pass ? '' : result.reason);
  return (
    <li class={`as-item depth-${Math.min(depth, 4)}`}>
      <div class="as" title={result.pass ? result.reason : undefined}>
        <Outcome result={result} />
        <span class="k">
          <span class="as-type">{result.name ?? result.type}</span>
          {result.value !== undefined && result.value !== '' && <span class="mono value" title={result.value}><Visible text={result.value} /></span>}
          {result.metric !== null && <span class="dim metric" title="Metric">{result.metric}</span>}
        </span>
        <span class="n">{result.weight}</span>
        <span class="n">{formatScore(result.score)}</span>
        {reason !== '' && <span class="why"><Visible text={reason} /></span>}
        {result.judgeOutput !== undefined && (
          <span class="why">
            <button type="button" class="link" aria-expanded={judge} onClick={() => showJudge(!judge)}>{judge ? 'Hide the judge’s answer' : 'Show the judge’s answer'}</button>
            {result.cost !== undefined && <span class="dim"> {formatUsd(result.cost)}</span>}
            {judge && <LongText text={result.judgeOutput} />}
          </span>
        )}
      </div>
      {result.components !== undefined && result.components.length > 0 && (
        <ul class="as-list">{failingFirst(result.components).map((component, i) => <Assertion key={i} result={component} depth={depth + 1} />)}</ul>
      )}
    </li>
  );
}

/** A check of weight 0 that does not hold changes nothing: neither passed nor a failure of the cell. */
function Outcome({ result: { pass, error, weight } }: { readonly result: AssertionResult }): ComponentChild {
  if (error !== undefined) return <RunIcon name="error" class="fail" label="Failed" />;
  if (pass) return <RunIcon name="check" class="pass" label="Passed" />;
  return <RunIcon name="close" class={weight === 0 ? 'dim' : 'fail'} label={weight === 0 ? 'Not fulfilled, without weight' : 'Failed'} />;
}

function failingFirst(results: readonly AssertionResult[]): AssertionResult[] {
  return [...results].sort((a, b) => Number(a.pass) - Number(b.pass));
}
