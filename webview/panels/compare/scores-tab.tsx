import type { ComponentChild } from 'preact';
import type { MetricComparison } from '../../../src/core/compare/model.ts';
import { gateSentence, metricDifference, metricsTogether, metricValue, verdictWords } from '../../../src/core/compare/sentence.ts';
import { formatCount } from '../../../src/core/text/format.ts';
import type { Comparison } from '../../../src/protocol/compare.ts';
import { isRunning, type CompareModel } from './compare-model.ts';
import { DifferenceBar } from './difference-bar.tsx';
import { DistributionsView } from './distributions-view.tsx';
import { scaleOf } from './scale.ts';
import { VerdictIcon } from './verdict-word.tsx';
import { changeInterval, changeOf, drawnChange, howTested, metricLabel, moreCases, pOf, testName, toneOf, verdictWord } from './wording.ts';

const BAR_WIDTH = 140;

/** Every metric of both sides with what the difference shows, and how cost and latency are spread. */
export function ScoresTab({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  const { result } = comparison;
  if (result === null || result.metrics.length === 0) return <p class="note">No case was answered on both sides.</p>;
  return (
    <>
      <div class="by">
        <label>Verdict by <select class="drop" value={comparison.settings.metric} onChange={(event) => model.changeSettings({ metric: event.currentTarget.value })}>
          {result.metrics.map(({ name }) => <option key={name} value={name}>{metricLabel(name)}</option>)}
        </select></label>
        <Margin model={model} comparison={comparison} />
        <span class="dim push">{judgedBy(comparison)}{isRunning(comparison) ? 'No verdict before the runs end' : <span title="What a gate makes of it">{gateSentence(result)}</span>}</span>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Scores">
        <table class="scores">
          <thead>
            <tr>
              <th scope="col">Metric</th><th scope="col" class="num">{comparison.a.label}</th><th scope="col" class="num">{comparison.b.label}</th>
              <th scope="col" class="num">Difference</th><th scope="col" class="drawn">95 % interval</th><th scope="col" class="num">p</th><th scope="col">Verdict</th>
              <th scope="col" class="num wide" title="The smallest difference that so many cases would show, with a power of 80 %">Detectable</th>
              <th scope="col" class="num wide" title="Cases that a difference as large as this one would need">Needed</th><th scope="col" class="wide">Test</th>
            </tr>
          </thead>
          <tbody>{result.metrics.map((metric) => <MetricRow key={metric.name} metric={metric} together={metricsTogether(result.metrics)} running={isRunning(comparison)} />)}</tbody>
        </table>
        <DistributionsView model={model} comparison={comparison} />
      </div>
    </>
  );
}

function MetricRow({ metric, together, running }: { readonly metric: MetricComparison; /** What it was tested together with, in words. */ readonly together: string; /** There is no verdict before the runs end. */ readonly running: boolean }): ComponentChild {
  const tone = running ? 'none' : toneOf(metric.verdict);
  const drawn = drawnChange(metric);
  const interval = changeInterval(metric);
  const more = tone === 'few' ? moreCases(metric) : '';
  const value = (of: number | null): string => (of === null ? '–' : metricValue(of, metric.unit));
  return (
    <tr>
      <th scope="row" title={metric.higherIsBetter ? 'Higher is better' : 'Lower is better'}>{metricLabel(metric.name)}</th>
      <td class="num mono">{value(metric.a)}</td>
      <td class="num mono">{value(metric.b)}</td>
      <td class="num mono" title={metric.delta === null ? undefined : metricDifference(metric.delta, metric.unit)}>{changeOf(metric)}</td>
      <td class="drawn">
        {/* Each in a scale of its own: what can be seen is where zero lies. */}
        <span>{drawn.interval !== null && <DifferenceBar value={drawn.value} interval={drawn.interval} scale={scaleOf([...drawn.interval, drawn.value ?? 0])} width={BAR_WIDTH} tone={tone} />}<span class="dim mono">{interval ?? '–'}</span></span>
      </td>
      <td class="num mono" title={howTested(metric)}>{running ? '–' : pOf(metric)?.replace(/^p (= )?/, '') ?? '–'}</td>
      <td class="say-cell" title={metric.warning}><span class="say"><VerdictIcon tone={tone} direction={(metric.delta ?? 0) > 0 ? 'up' : 'down'} /><span class={tone === 'none' ? 'dim' : undefined}>{running ? verdictWord(null) : verdictWords(metric, together)}{more !== '' && `: ${more}`}</span>{metric.warning !== undefined && <VerdictIcon tone="few" />}</span></td>
      <td class="num mono wide">{metric.minimumDetectable === null ? '–' : metricDifference(metric.minimumDetectable, metric.unit).replace('+', '±')}</td>
      <td class="num mono wide">{metric.casesNeeded === null ? '–' : formatCount(metric.casesNeeded)}</td>
      <td class="dim wide">{testName(metric.test)}</td>
    </tr>
  );
}

/** What people said who looked at outputs; empty where nobody did. */
function judgedBy({ verdicts, a, b }: Comparison): string {
  const judged = verdicts.a + verdicts.b + verdicts.tie;
  return judged === 0 ? '' : `${formatCount(judged, 'case')} judged by a person: ${a.label} ${formatCount(verdicts.a)}, tie ${formatCount(verdicts.tie)}, ${b.label} ${formatCount(verdicts.b)}. `;
}

/** By how much the baseline may be missed and the gate still opens; in points of a rate, else in the metric's own unit. */
function Margin({ model, comparison }: { readonly model: CompareModel; readonly comparison: Comparison }): ComponentChild {
  const unit = comparison.result?.metrics[0]?.unit ?? 'rate';
  const scale = unit === 'rate' ? 100 : 1;
  const { margin } = comparison.settings;
  return (
    <label title="By how much the compared side may be worse and still pass a gate">
      Margin <input class="margin" type="number" min={0} step="any" value={Number((margin * scale).toPrecision(6))} onChange={(event) => {
        const value = event.currentTarget.valueAsNumber / scale;
        if (Number.isFinite(value) && value >= 0) model.changeSettings({ margin: value });
      }} /> {unit === 'rate' ? 'points' : unit === 'usd' ? 'dollars' : unit === 'ms' ? 'ms' : unit === 'tokens' ? 'tokens' : ''}
    </label>
  );
}
