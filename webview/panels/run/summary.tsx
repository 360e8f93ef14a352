import type { ComponentChild } from 'preact';
import { formatCount, formatPercent, formatTokens, formatUsd } from '../../../src/core/text/format.ts';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';
import { Duration, Rate } from '../../shared/numbers.tsx';
import type { RunModel } from './run-model.ts';
import { answered, answerOf } from './wording.ts';

/** The answer in words, then one line a model. */
export function Summary({ model, snapshot }: { readonly model: RunModel; readonly snapshot: RunSnapshot }): ComponentChild {
  const { main, aside } = answerOf(snapshot, model.slices.value);
  return (
    <section class="sum" aria-label="Summary">
      <p class="answer">{main} {aside !== '' && <span class="dim">{aside}</span>}</p>
      <div class="models-box">
        <table class="models">
          <thead>
            <tr>
              <th scope="col" class="m">Model</th>
              <th scope="col" class="l r">{snapshot.info.status === 'running' ? 'Pass rate so far' : 'Pass rate'}</th>
              <th scope="col" class="wide c">Passed</th>
              <th scope="col" title="Half of the outputs came faster; cached ones are left out"><span class="wide">Latency </span>p50</th>
              <th scope="col" class="wide c" title="95 % of the outputs came faster; cached ones are left out">p95</th>
              <th scope="col" class="wide tok">Input tok</th>
              <th scope="col" class="wide tok">Output tok</th>
              <th scope="col" class="wide c cache" title="Share of the outputs that came from the cache">Cached</th>
              <th scope="col" class="wide">Cost</th>
              <th scope="col" class="e">Errors</th>
            </tr>
          </thead>
          <tbody>{snapshot.models.map((entry) => <ModelLine key={entry.label} model={model} short={shortName(entry.label, snapshot.models)} {...entry} />)}</tbody>
        </table>
      </div>
    </section>
  );
}

function ModelLine({ model, label, short, summary }: { readonly model: RunModel; readonly short: string } & RunSnapshot['models'][number]): ComponentChild {
  const scored = answered(summary);
  const finished = scored + summary.errors;
  const count = `${formatCount(summary.passed)} of ${formatCount(scored)} passed`;
  return (
    <tr>
      <th scope="row" title={label}><span class="wide">{label}</span><span class="slim">{short}</span></th>
      <td class="l">
        <span class="wide"><Rate rate={summary.passRate} interval={summary.interval} count={count} width={120} digits={1} /></span>
        <span class="slim"><Rate rate={summary.passRate} interval={summary.interval} count={count} width={64} digits={1} /></span>
      </td>
      <td class="wide c">{formatCount(summary.passed)} of {formatCount(scored)}</td>
      <td><Duration ms={summary.latency.p50} /></td>
      <td class="wide c"><Duration ms={summary.latency.p95} /></td>
      <td class="wide tok"><Known value={summary.tokens.input} text={formatTokens(summary.tokens.input)} /></td>
      <td class="wide tok"><Known value={summary.tokens.output} text={formatTokens(summary.tokens.output)} /></td>
      <td class="wide c cache" title={`${formatCount(summary.cached)} of ${formatCount(finished)} outputs came from the cache`}>{finished === 0 ? '–' : formatPercent(summary.cached / finished, 0)}</td>
      <td class="wide"><Known value={summary.cost} text={formatUsd(summary.cost)} /></td>
      <td class="e" title="Errors are not counted in the pass rate">
        {summary.errors === 0 ? '0' : <button type="button" class="link" title="Show the cases with errors" onClick={() => model.setView({ filter: 'errors' })}>{formatCount(summary.errors)}</button>}
      </td>
    </tr>
  );
}

/** The label without its publisher, where that still tells the models apart. */
function shortName(label: string, models: RunSnapshot['models']): string {
  const last = (text: string): string => text.slice(text.lastIndexOf('/') + 1);
  return models.filter((other) => last(other.label) === last(label)).length > 1 ? label : last(label);
}

function Known({ value, text }: { readonly value: number | null; readonly text: string }): ComponentChild {
  return value === null ? <span class="unknown">{text}</span> : text;
}
