import type { ComponentChild } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import type { VersionSummary } from '../../../src/protocol/registry.ts';
import { IconButton } from '../../controls/controls.tsx';
import { Glyph } from '../../controls/icon.tsx';
import { Rate } from '../../shared/numbers.tsx';
import { TypeAhead } from '../../shared/type-ahead.ts';
import { ICONS } from './icons.ts';
import type { Series } from './series.ts';
import { refOf, type VersionsModel } from './versions-model.ts';

const PAGE = 10;

/** Every version with what it scored, newest first: one tab stop, the arrows move in it. */
export function List({ model }: { readonly model: VersionsModel }): ComponentChild {
  const list = useRef<HTMLDivElement>(null);
  const typed = useMemo(() => new TypeAhead(), []);
  const selected = model.selected.value;
  useEffect(() => list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' }), [selected?.hash]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (selected === undefined || event.altKey || ((event.ctrlKey || event.metaKey) && event.key !== 'c')) return;
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step !== undefined) model.move(step);
    else if (event.key === 'Enter') (event.shiftKey ? model.compare() : model.difference(selected));
    else if (event.key === ' ') model.mark(selected.hash);
    else if (event.key === 'c' && (event.ctrlKey || event.metaKey)) model.request('copy', { text: refOf(selected) });
    else if (/^[\p{L}\p{N}]$/u.test(event.key)) typeAhead(model, typed.add(event.key).text);
    else return;
    event.preventDefault();
  };
  return (
    <div ref={list} class="list" role="listbox" aria-multiselectable="true" aria-label="Versions" tabIndex={0} aria-activedescendant={selected && idOf(selected)} onKeyDown={onKeyDown}>
      {model.versions.value.map((version) => <Row key={version.hash} model={model} version={version} selected={version === selected} series={model.series.value} />)}
    </div>
  );
}

function Row({ model, version, selected, series }: { readonly model: VersionsModel; readonly version: VersionSummary; readonly selected: boolean; readonly series: Series | undefined }): ComponentChild {
  const score = series?.scores.get(version.hash);
  const marked = model.marked.value.includes(version.hash);
  const working = model.shown.value?.workingCopy.version === version.hash;
  return (
    <div id={idOf(version)} class={selected ? 'row sel' : 'row'} role="option" aria-selected={selected} onClick={() => model.select(version.hash)} onDblClick={() => model.difference(version)}>
      <button type="button" class="mark" tabIndex={-1} aria-pressed={marked} title={marked ? 'Do not compare' : 'Mark to compare'} onClick={(event) => {
        event.stopPropagation();
        model.mark(version.hash);
      }}>{marked && <Glyph path={ICONS.check} />}</button>
      <span class="name mono" title={version.label}>{version.label}</span>
      <span class="where">{version.environments.map((environment) => <span key={environment} class="environment">{environment}</span>)}{working && <span class="environment dim">working copy</span>}</span>
      <span class="score">{score === undefined ? <span class="dim small">not run</span> : <button type="button" class="link plain" tabIndex={-1} title="Open the run" onClick={() => model.request('open-run', { runId: score.runId })}><Rate rate={score.summary.passRate} interval={score.summary.interval} count={`${formatCount(score.summary.passed)} of ${formatCount(score.summary.passed + score.summary.failed)} passed`} width={72} /></button>}</span>
      <span class="message ell" title={version.message}>{version.message.split('\n')[0]}{version.tags.map((tag) => <span key={tag} class="dim"> #{tag}</span>)}</span>
      <span class="author dim small ell" title={version.author}>{version.author.replace(/\s*<[^<>]*>$/, '')}</span>
      <time class="dim small" dateTime={version.time} title={new Date(version.time).toLocaleString()}>{dayOf(version.time)}</time>
      <span class="row-acts">
        <IconButton icon={<Glyph path={ICONS.diff} />} label="Show what it changed" onClick={() => model.difference(version)} />
        <IconButton icon={<Glyph path={ICONS.compare} />} label="Compare the working copy with it" onClick={() => model.request('versions/compare', { refs: [refOf(version)] })} />
        {version.source === 'registry' && <IconButton icon="arrowUp" label="Promote" onClick={() => model.request('versions/promote', { ref: version.hash })} />}
        <IconButton icon={<Glyph path={ICONS.discard} />} label="Restore into the working copy" onClick={() => model.request('versions/restore', { ref: refOf(version) })} />
      </span>
    </div>
  );
}

function typeAhead(model: VersionsModel, typed: string): void {
  const wanted = typed.toLowerCase();
  const found = model.versions.value.find((version) => [version.label, version.message, ...version.environments].some((text) => text.toLowerCase().startsWith(wanted)));
  if (found) model.select(found.hash);
}

function idOf({ hash }: Pick<VersionSummary, 'hash'>): string {
  return `version-${hash}`;
}

function dayOf(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: date.getFullYear() === new Date().getFullYear() ? undefined : 'numeric' });
}
