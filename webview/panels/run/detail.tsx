import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { formatCount, formatScore, formatTokens, formatUsd } from '../../../src/core/text/format.ts';
import type { CellDetail, RunSnapshot } from '../../../src/protocol/engine.ts';
import { Button, IconButton } from '../../controls/controls.tsx';
import { Icon } from '../../controls/icon.tsx';
import { Mark } from '../../shared/marks.tsx';
import { Duration } from '../../shared/numbers.tsx';
import { outputText } from '../../shared/output-text.ts';
import { Tabs } from '../../shared/tabs.tsx';
import { RequestTab, ResponseTab, ResultTab } from './detail-tabs.tsx';
import { RunIcon } from './icons.tsx';
import type { OpenCell, RunModel } from './run-model.ts';
import type { DetailTab } from './view-state.ts';

const TABS: readonly { readonly tab: DetailTab; readonly label: string }[] = [
  { tab: 'result', label: 'Result' }, { tab: 'request', label: 'Request' }, { tab: 'response', label: 'Response' },
];

/** One cell: what it answered, why it passed or failed, what was sent, what came back. */
export function Detail({ model, snapshot, open }: { readonly model: RunModel; readonly snapshot: RunSnapshot; readonly open: OpenCell }): ComponentChild {
  const { detail, failure } = open;
  const { tab } = model.state.value;
  const body = useRef<HTMLDivElement>(null);
  const { caseIndex, modelIndex, repeat } = open.key;
  useEffect(() => {
    if (body.current !== null) body.current.scrollTop = 0;
  }, [caseIndex, modelIndex, repeat, tab]);
  return (
    <>
      <div class="dhead">
        {detail !== null && <State detail={detail} />}
        <span class="mono ell name" title={detail?.case.id}>{detail?.case.id ?? ''}</span>
        <span class="dim small ell">{detail?.modelLabel ?? snapshot.info.models[modelIndex]?.label ?? ''}</span>
        <span class="nav">
          <IconButton icon="arrowUp" label="Previous failing cell" title="Previous failing cell (Shift+F8)" onClick={() => void model.findFailing(-1)} />
          <IconButton icon="arrowDown" label="Next failing cell" title="Next failing cell (F8)" onClick={() => void model.findFailing(1)} />
          <IconButton icon="goToFile" label="Open case" title={detail === null ? 'Open case' : `Open ${fileName(detail.case.file)}, line ${detail.case.range.start.line + 1}`} onClick={() => model.request('open', { what: 'case', caseIndex })} />
          <IconButton icon="close" label="Close" title="Close (Esc)" onClick={() => model.closeCell()} />
        </span>
      </div>
      {snapshot.info.repeats > 1 && <Repeats model={model} snapshot={snapshot} open={open} />}
      {detail === null ? failure === null ? <Waiting /> : <p class="note" role="alert">This cell cannot be read: {failure.message}</p> : (
        <>
          <Facts detail={detail} />
          <Actions model={model} detail={detail} open={open} />
          <Tabs tabs={TABS} tab={tab} label="Cell" panel="cell-panel" onChoose={(next) => model.update({ tab: next })} />
          <div ref={body} class="body" role="tabpanel" id="cell-panel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
            {tab === 'result' ? <ResultTab model={model} detail={detail} /> : tab === 'request' ? <RequestTab detail={detail} /> : <ResponseTab detail={detail} />}
          </div>
        </>
      )}
    </>
  );
}

function State({ detail }: { readonly detail: CellDetail }): ComponentChild {
  if (detail.status === 'running') return <Icon name="loading" class="spin" label="Running" />;
  if (detail.status === 'waiting') return null;
  if (detail.status === 'error') return <Icon name="error" class="fail" label="Error" />;
  const pass = detail.result?.pass ?? null;
  return <Mark pass={pass} label={pass === true ? 'Passed' : 'Failed'} />;
}

function Facts({ detail: { result } }: { readonly detail: CellDetail }): ComponentChild {
  if (result === null) return null;
  return (
    <div class="facts dim">
      {result.score !== null && <span>score <b class="mono">{formatScore(result.score)}</b></span>}
      <span><b class="mono"><Duration ms={result.latencyMs} /></b></span>
      {result.usage !== null && <span><b class="mono">{formatTokens(result.usage.input)}</b> → <b class="mono">{formatTokens(result.usage.output)}</b> tok</span>}
      <span>{result.cost === null ? 'cost unknown' : <b class="mono">{formatUsd(result.cost)}</b>}</span>
      {result.attempts > 1 && <span>{formatCount(result.attempts, 'attempt')}</span>}
      {result.finishReason !== null && result.finishReason !== 'stop' && <span>ended by {result.finishReason}</span>}
      <span class="wide mid">{result.cached ? 'cached' : 'not cached'}</span>
    </div>
  );
}

function Actions({ model, detail, open }: { readonly model: RunModel; readonly detail: CellDetail; readonly open: OpenCell }): ComponentChild {
  const { result } = detail;
  const hasOutput = result !== null && result.error === null;
  const place = `${fileName(detail.case.file)}, line ${detail.case.range.start.line + 1}`;
  return (
    <div class="dacts">
      <Button title="Runs this case again with every model, without the cache" onClick={() => model.request('cell/rerun', { caseIndex: open.key.caseIndex })}>Re-run this case</Button>
      {hasOutput && <Button title={`Writes this output as expected into ${place}`} onClick={() => model.request('cell/accept', { key: open.key })}>Accept output as expected</Button>}
      {hasOutput && detail.case.expected !== undefined && detail.case.expected !== null && (
        <IconButton icon={<RunIcon name="diff" />} label="Compare in editor" title="Compare expected and output in an editor" onClick={() => model.request('cell/diff', { key: open.key })} />
      )}
      {result !== null && <Button title="Opens the trace of this cell" onClick={() => model.request('cell/trace', { key: open.key })}>Trace</Button>}
      {hasOutput && <IconButton icon="copy" label="Copy output" title="Copy output (Ctrl+C)" onClick={() => void model.act(() => model.copy(outputText(result.output)))} />}
    </div>
  );
}

function Repeats({ model, snapshot, open }: { readonly model: RunModel; readonly snapshot: RunSnapshot; readonly open: OpenCell }): ComponentChild {
  const row = model.rows.row(model.active.value.row);
  const passes = row?.kind === 'case' && row.caseIndex === open.key.caseIndex ? row.cells[open.key.modelIndex]?.passes ?? [] : [];
  const choose = (repeat: number): void => {
    void model.openCell({ ...open.key, repeat: (repeat + snapshot.info.repeats) % snapshot.info.repeats });
  };
  return (
    <div class="repeats-line">
      <span class="dim small">Repeat</span>
      <div class="seg" role="radiogroup" aria-label="Repeat">
        {Array.from({ length: snapshot.info.repeats }, (_, repeat) => (
          <button key={repeat} type="button" role="radio" aria-checked={repeat === open.key.repeat} tabIndex={repeat === open.key.repeat ? 0 : -1} onClick={() => choose(repeat)} onKeyDown={(event) => {
            if (event.key === 'ArrowRight') choose(repeat + 1);
            else if (event.key === 'ArrowLeft') choose(repeat - 1);
            else return;
            event.preventDefault();
            const { parentElement } = event.currentTarget;
            requestAnimationFrame(() => parentElement?.querySelector<HTMLElement>('[aria-checked="true"]')?.focus());
          }}>
            {passes[repeat] !== undefined && <Mark pass={passes[repeat] ?? null} />}{repeat + 1}
          </button>
        ))}
      </div>
    </div>
  );
}

function Waiting(): ComponentChild {
  return <div class="detail-ph" aria-busy="true"><i class="ph" /><i class="ph" /><i class="ph" /></div>;
}

function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
