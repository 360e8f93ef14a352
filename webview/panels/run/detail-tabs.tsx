import type { ComponentChild } from 'preact';
import type { AttemptInfo } from '../../../src/core/eval/model.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { TokenUsage } from '../../../src/core/model/model.ts';
import { formatCount, formatTokens, formatUsd } from '../../../src/core/text/format.ts';
import type { CellDetail } from '../../../src/protocol/engine.ts';
import { Icon } from '../../controls/icon.tsx';
import { JsonTree } from '../../shared/json-tree.tsx';
import { LongText } from '../../shared/long-text.tsx';
import { Duration } from '../../shared/numbers.tsx';
import { outputText } from '../../shared/output-text.ts';
import { Assertions } from './assertions.tsx';
import { RunIcon } from './icons.tsx';
import { Output } from './output.tsx';
import { RenderedMessages } from './rendered-messages.tsx';
import type { RunModel } from './run-model.ts';

export function ResultTab({ model, detail }: { readonly model: RunModel; readonly detail: CellDetail }): ComponentChild {
  const { result } = detail;
  return (
    <>
      {result === null ? <p class="note">{detail.status === 'running' ? 'The model is at work on this cell.' : 'This cell has not been run yet.'}</p>
        : result.error !== null ? <ErrorText code={result.error.code} message={result.error.message} />
        : <Output key={`${result.caseIndex}/${result.modelIndex}/${result.repeat}`} model={model} detail={detail} />}
      {result !== null && result.error === null && <Assertions results={result.assertions} />}
      <Variables vars={detail.case.vars} />
      {detail.case.description !== undefined && <><div class="h"><h2>Description</h2></div><div class="pad"><LongText text={detail.case.description} /></div></>}
      {detail.request !== null && <><div class="h"><h2>Messages as rendered</h2></div><RenderedMessages request={detail.request} folded={true} /></>}
    </>
  );
}

export function RequestTab({ detail }: { readonly detail: CellDetail }): ComponentChild {
  if (detail.request === null) return <p class="note">What was sent cannot be rendered again: the prompt or the case of this run is not known any more.</p>;
  return (
    <>
      <div class="h"><h2>Parameters</h2></div>
      {Object.keys(detail.request.parameters).length === 0 ? <p class="note">None: the model’s own defaults.</p> : <div class="pad"><JsonTree value={detail.request.parameters} /></div>}
      <div class="h"><h2>Messages</h2></div>
      <RenderedMessages request={detail.request} folded={false} />
    </>
  );
}

export function ResponseTab({ detail }: { readonly detail: CellDetail }): ComponentChild {
  const { result, attempts } = detail;
  if (result === null && attempts.length === 0) return <p class="note">Nothing has been answered yet.</p>;
  return (
    <>
      {result !== null && (
        <>
          <div class="h"><h2>Answer</h2></div>
          <dl class="pairs">
            <dt>finish reason</dt><dd>{result.finishReason ?? 'not reported'}</dd>
            <dt>tokens</dt><dd><Usage usage={result.usage} /></dd>
            <dt>cost</dt><dd>{formatUsd(result.cost)}</dd>
            <dt>cache</dt><dd>{result.cached ? 'the answer came from the cache' : 'not cached'}</dd>
          </dl>
          {result.toolCalls.length > 0 && (
            <>
              <div class="h"><h2>{formatCount(result.toolCalls.length, 'tool call')}</h2></div>
              {result.toolCalls.map((call) => (
                <div key={call.id} class="msg"><div class="role"><span class="mono">{call.name}</span><span class="mono">{call.id}</span></div><ToolArguments text={call.arguments} /></div>
              ))}
            </>
          )}
          {Object.keys(result.namedScores).length > 0 && <><div class="h"><h2>Named scores</h2></div><div class="pad"><JsonTree value={result.namedScores} /></div></>}
        </>
      )}
      {attempts.length > 0 && <><div class="h"><h2>{formatCount(attempts.length, 'attempt')}</h2></div><ol class="attempts">{attempts.map((attempt) => <Attempt key={attempt.number} attempt={attempt} />)}</ol></>}
      {result?.error === null && <><div class="h"><h2>Text</h2></div><div class="pad"><LongText text={outputText(result.output)} /></div></>}
    </>
  );
}

const OUTCOMES: Readonly<Record<AttemptInfo['outcome'], string>> = { answered: 'answered', failed: 'failed', cancelled: 'cancelled', open: 'no answer was recorded: its usage is unknown' };

function Attempt({ attempt }: { readonly attempt: AttemptInfo }): ComponentChild {
  const good = attempt.outcome === 'answered';
  return (
    <li>
      <RunIcon name={good ? 'check' : attempt.outcome === 'failed' ? 'error' : 'warning'} class={good ? 'pass' : attempt.outcome === 'failed' ? 'fail' : 'warn'} />
      <span class="attempt-text">
        <span>{OUTCOMES[attempt.outcome]}{attempt.durationMs !== null && <span class="dim"> after <Duration ms={attempt.durationMs} /></span>}</span>
        {attempt.error !== null && <span class="dim">{attempt.error.message}</span>}
        {attempt.usage !== null && <span class="dim"><Usage usage={attempt.usage} /></span>}
      </span>
    </li>
  );
}

function Usage({ usage }: { readonly usage: TokenUsage | null }): ComponentChild {
  if (usage === null) return 'unknown';
  const cached = usage.cachedInput === null || usage.cachedInput === 0 ? '' : ` (${formatTokens(usage.cachedInput)} from the endpoint’s cache)`;
  const reasoning = usage.reasoning === null || usage.reasoning === 0 ? '' : ` (${formatTokens(usage.reasoning)} reasoning)`;
  return `${formatTokens(usage.input)} in${cached}, ${formatTokens(usage.output)} out${reasoning}`;
}

function ToolArguments({ text }: { readonly text: string }): ComponentChild {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return <JsonTree value={value} />;
  } catch {
    // Models also write arguments that are no JSON; they are shown as they came.
  }
  return <LongText text={text} />;
}

function ErrorText({ code, message }: { readonly code: string; readonly message: string }): ComponentChild {
  return (
    <section class="cell-error" aria-label="Error">
      <div class="h"><h2>No output</h2></div>
      <div class="pad error-line"><Icon name="error" class="fail" /><div><LongText text={message} /><span class="dim small">{code}; not counted in the pass rate</span></div></div>
    </section>
  );
}

function Variables({ vars }: { readonly vars: JsonObject }): ComponentChild {
  const names = Object.keys(vars);
  if (names.length === 0) return null;
  return (
    <section aria-label="Variables">
      <div class="h"><h2>Variables</h2></div>
      <dl class="vars">
        {names.map((name) => <div key={name}><dt title={name}>{name}</dt><dd>{typeof vars[name] === 'object' && vars[name] !== null ? <JsonTree value={vars[name]} /> : <LongText text={String(vars[name])} />}</dd></div>)}
      </dl>
    </section>
  );
}
