import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import { shortLabel } from '../../../src/core/registry/names.ts';
import { formatCount } from '../../../src/core/text/format.ts';
import type { ShownVersions } from '../../../src/protocol/versions-panel.ts';
import { Button, IconButton } from '../../controls/controls.tsx';
import { Menu, type MenuItem } from '../../controls/menu.tsx';
import type { FailureWords } from '../../shared/failure.ts';
import type { KeyHelp } from '../../shared/keys-help.tsx';
import { Panel } from '../../shared/panel.tsx';
import { Chart } from './chart.tsx';
import { List } from './list.tsx';
import type { VersionsModel } from './versions-model.ts';

const WORDS: FailureWords = {
  thing: 'prompt',
  stopped: 'Versions are files of the repository: none is lost.',
  missing: 'Its file was moved or deleted. Its versions stay in the registry.',
  untrusted: 'In Restricted Mode no engine runs, and versions are not read.',
};

const KEYS: readonly KeyHelp[] = [
  [['↑', '↓', 'Home', 'End'], 'Move in the list'],
  [['Enter'], 'Show what the version changed'],
  [['Space'], 'Mark it to compare'],
  [['Shift', 'Enter'], 'Compare the marked ones, or it with the working copy'],
  [['Ctrl', 'C'], 'Copy its hash'],
  [['?'], 'These keys'],
];

export function VersionsPanel({ model }: { readonly model: VersionsModel }): ComponentChild {
  const shown = model.shown.value;
  return (
    <Panel model={model} words={WORDS} keys={KEYS} onKey={() => false} loading={<Loading />}>
      {shown === null ? null : ({ notes, showKeys }) => (
        <>
          <Header model={model} shown={shown} onKeys={showKeys} />
          {notes}
          <p class="answer">{summaryOf(shown)}</p>
          {model.versions.value.length === 0 ? <Empty model={model} /> : (
            <main class="work closed">
              <section class="left" aria-label="Scores">
                <SeriesPicker model={model} />
                <Chart model={model} />
                <List model={model} />
              </section>
            </main>
          )}
        </>
      )}
    </Panel>
  );
}

function Header({ model, shown, onKeys }: { readonly model: VersionsModel; readonly shown: ShownVersions; readonly onKeys: () => void }): ComponentChild {
  const [open, show] = useState(false);
  const marked = model.marked.value.length;
  const selected = model.selected.value;
  const items: MenuItem[] = [
    { label: 'Save version', run: () => model.request('versions/save', {}) },
    { label: 'Versions of the Git history', checked: model.state.value.git, run: () => model.update({ git: !model.state.value.git }), starts: true },
    { label: 'Keys', run: onKeys, starts: true },
  ];
  return (
    <header class="head">
      <h1>{shown.promptName}</h1>
      <button type="button" class="link ell" title={shown.path} onClick={() => model.request('open-prompt', {})}>{shown.path}</button>
      <span class="now" />
      <div class="acts">
        <Button disabled={selected === undefined} title={marked > 1 ? 'Compares the marked versions, the oldest as the baseline' : 'Compares the selected version with the working copy'} onClick={() => model.compare()}>
          {marked > 1 ? `Compare ${formatCount(marked)}` : 'Compare'}
        </Button>
        {selected?.source === 'registry' && <Button primary title={`Points an environment to ${selected.label}`} onClick={() => model.request('versions/promote', { ref: selected.hash })}>Promote…</Button>}
        <span class="anchor">
          <IconButton icon="ellipsis" label="More actions" expanded={open} onClick={() => show(!open)} />
          {open && <Menu items={items} label="More actions" align="right" onClose={() => show(false)} />}
        </span>
      </div>
    </header>
  );
}

/** Which scores are drawn, where a prompt was run on several datasets or with several models. */
function SeriesPicker({ model }: { readonly model: VersionsModel }): ComponentChild {
  const [open, show] = useState(false);
  const { value: all } = model.allSeries;
  const current = model.series.value;
  if (current === undefined) return <p class="series dim small">No version was run yet: compare one, and its score is drawn here.</p>;
  if (all.length === 1) return <p class="series small">Pass rate, <span class="dim">{current.label}</span></p>;
  return (
    <div class="series small">
      Pass rate, <span class="anchor">
        <button type="button" class="link" aria-haspopup="menu" aria-expanded={open} onClick={() => show(!open)}>{current.label}</button>
        {open && <Menu align="left" label="Dataset and model" onClose={() => show(false)} items={all.map(({ key, label }) => ({ label, checked: key === current.key, run: () => model.update({ series: key }) }))} />}
      </span>
    </div>
  );
}

function summaryOf({ versions, environments, workingCopy }: ShownVersions): ComponentChild {
  const saved = versions.filter(({ source }) => source === 'registry');
  const name = (hash: string | null): string | null => {
    const version = saved.find((one) => one.hash === hash);
    return version === undefined ? null : shortLabel(version, saved);
  };
  const pointing = environments.flatMap(({ environment, version, diverged }) => (diverged.length > 1 ? [`${environment} diverged`] : name(version) === null ? [] : [`${environment} ${name(version) ?? ''}`]));
  const working = name(workingCopy.version) ?? (name(workingCopy.parent) === null ? 'not saved as a version' : `edited since ${name(workingCopy.parent) ?? ''}`);
  return [formatCount(saved.length, 'version'), ...pointing, `working copy ${working}`].join(' · ');
}

function Empty({ model }: { readonly model: VersionsModel }): ComponentChild {
  return (
    <main class="work closed">
      <div class="nothing">
        <p>Versions of this prompt will be listed here with what each scored.</p>
        <Button primary onClick={() => model.request('versions/save', {})}>Save version</Button>
      </div>
    </main>
  );
}

function Loading(): ComponentChild {
  return <div class="panel" aria-busy="true"><div class="head"><span class="ph title-ph" /></div><div /><p class="answer"><span class="ph answer-ph" /></p></div>;
}
