import type { ComponentChild } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatBudget, formatCount, formatDuration } from '../../../src/core/text/format.ts';
import type { RunSnapshot } from '../../../src/protocol/engine.ts';
import type { ShownRun } from '../../../src/protocol/run-panel.ts';
import { Button } from '../../controls/controls.tsx';
import { MenuButton } from '../../controls/menu-button.tsx';
import type { MenuItem } from '../../controls/menu.tsx';
import type { RunModel } from './run-model.ts';
import { costOf, remainingOf, sizeOf, versionOf } from './wording.ts';

/** What this is, its parts as links; how far it is and what it costs; the main action. */
export function Header({ model, snapshot, onKeys }: { readonly model: RunModel; readonly snapshot: ShownRun; readonly onKeys: () => void }): ComponentChild {
  const { info } = snapshot;
  const running = info.status === 'running';
  return (
    <header class="head">
      <div class="parts">
        <h1 title={info.promptPath}>{info.title ?? info.promptName}</h1>
        <button type="button" class="link" title={info.promptPath} onClick={() => model.request('open', { what: 'prompt' })}>
          {versionOf(snapshot)}
        </button>
        {info.datasetName !== null && (
          <button type="button" class="link wide" title={`Open ${info.datasetName}`} onClick={() => model.request('open', { what: 'dataset' })}>{info.datasetName}</button>
        )}
        <span class="dim small mid wide" title={sizeOf(snapshot)}>{sizeOf(snapshot)}</span>
        {info.filter !== undefined && <span class="dim small mid wide" title={filterOf(info.filter)}>{filterOf(info.filter)}</span>}
      </div>
      <div class="now">
        <span title={running ? `${formatCount(snapshot.running)} running, ${formatCount(snapshot.total - snapshot.done - snapshot.running)} waiting` : undefined}>
          {snapshot.done === snapshot.total ? formatCount(snapshot.total, 'cell') : `${formatCount(snapshot.done)} of ${formatCount(snapshot.total)} cells`}
        </span>
        <span title={costTitle(snapshot)}>{costOf(snapshot)}</span>
        <Elapsed snapshot={snapshot} />
        {!running && <time class="wide mid" dateTime={info.startedAt}>{startedAt(info.startedAt)}</time>}
      </div>
      <div class="acts">
        <MainAction model={model} snapshot={snapshot} />
        <More model={model} snapshot={snapshot} onKeys={onKeys} />
      </div>
    </header>
  );
}

function MainAction({ model, snapshot }: { readonly model: RunModel; readonly snapshot: RunSnapshot }): ComponentChild {
  const left = snapshot.total - snapshot.done;
  switch (snapshot.info.status) {
    case 'running':
      return <Button title={`Stops the run; the ${formatCount(snapshot.done)} finished cells are kept and the run can be resumed`} onClick={() => model.request('run/cancel', {})}>Cancel</Button>;
    case 'finished':
      return <Button title="Runs the prompt as it is now, with the same models and cases" onClick={() => model.request('run/again', {})}>Run again</Button>;
    default:
      return <Button primary title={`Runs the ${formatCount(left)} cells that are missing; nothing that is finished is repeated`} onClick={() => model.request('run/resume', {})}>Resume</Button>;
  }
}

function More({ model, snapshot, onKeys }: { readonly model: RunModel; readonly snapshot: RunSnapshot; readonly onKeys: () => void }): ComponentChild {
  const again: MenuItem[] = snapshot.info.status === 'finished' || snapshot.info.status === 'running' ? [] : [{ label: 'Run again', run: () => model.request('run/again', {}) }];
  const exports: MenuItem[] = snapshot.info.status === 'running' ? [] : [
    { label: 'Export as JSON', run: () => model.request('run/export', { format: 'json' }), starts: again.length > 0 },
    { label: 'Export as JUnit XML', run: () => model.request('run/export', { format: 'xml' }) },
    { label: 'Export as HTML report', run: () => model.request('run/export', { format: 'html' }) },
    { label: 'Export as CSV', run: () => model.request('run/export', { format: 'csv' }) },
  ];
  const items: MenuItem[] = [
    ...again, ...exports,
    { label: 'Open prompt', run: () => model.request('open', { what: 'prompt' }), starts: exports.length > 0 },
    ...(snapshot.info.datasetName === null ? [] : [{ label: 'Open dataset', run: () => model.request('open', { what: 'dataset' }) }]),
    { label: 'Keys', run: onKeys, starts: true },
  ];
  return <MenuButton icon="ellipsis" label="More actions" items={items} />;
}

/** Counts on between two snapshots. */
function Elapsed({ snapshot }: { readonly snapshot: RunSnapshot }): ComponentChild {
  const running = snapshot.info.status === 'running';
  const [, tick] = useState(0);
  const [received, setReceived] = useState(() => performance.now());
  useEffect(() => setReceived(performance.now()), [snapshot]);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [running]);
  if (!running) return <span title="From the first request to the last commit">{formatDuration(snapshot.info.durationMs)}</span>;
  const ms = snapshot.info.durationMs + performance.now() - received;
  const remaining = remainingOf(snapshot);
  return <span>{ms < 60_000 ? `${Math.round(ms / 1000)} s` : formatDuration(ms)}{remaining !== null && <span class="dim wide">, {remaining}</span>}</span>;
}

function costTitle({ info }: RunSnapshot): string {
  const parts = [info.estimate.unpriced.length > 0 ? `No price is known for ${info.estimate.unpriced.join(', ')}` : 'Estimated before the run'];
  if (info.budgetUsd !== null) parts.push(`limit of this run: ${formatBudget(info.budgetUsd)}`);
  return parts.join('; ');
}

function filterOf(filter: NonNullable<RunSnapshot['info']['filter']>): string {
  const parts = [
    ...(filter.text === undefined ? [] : [`“${filter.text}”`]),
    ...(filter.tags ?? []).map((tag) => `#${tag}`),
    ...(filter.caseIds === undefined ? [] : [formatCount(filter.caseIds.length, 'chosen case')]),
  ];
  return parts.length === 0 ? '' : `only ${parts.join(', ')}`;
}

function startedAt(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
