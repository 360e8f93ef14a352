import type { ComponentChild } from 'preact';
import type { Side } from '../../../src/core/compare/model.ts';
import { formatCount, formatUsd } from '../../../src/core/text/format.ts';
import type { ComparedSide } from '../../../src/protocol/compare.ts';
import type { ShownComparison } from '../../../src/protocol/compare-panel.ts';
import { Button, IconButton } from '../../controls/controls.tsx';
import { MenuButton } from '../../controls/menu-button.tsx';
import type { MenuItem } from '../../controls/menu.tsx';
import { isRunning, type CompareModel } from './compare-model.ts';
import { CompareIcon } from './icons.tsx';
import { describeSide, promotionOf, sizeOf } from './wording.ts';

/** What is compared with what, on which cases; while runs are under way how far they are; the main action. */
export function Header({ model, shown, onKeys }: { readonly model: CompareModel; readonly shown: ShownComparison; readonly onKeys: () => void }): ComponentChild {
  const { comparison } = shown;
  const { a, b, ref } = comparison;
  const running = isRunning(comparison);
  const size = sizeOf(comparison);
  const promotion = promotionOf(shown);
  const main = comparison.result?.metrics[0];
  // What is worse, or was not compared at all, is nothing to propose.
  const isProposed = main !== undefined && main.n > 0 && main.verdict !== 'worse';
  return (
    <header class="head">
      <h1 title={a.promptPath}>{a.promptName === b.promptName ? a.promptName : `${a.promptName} and ${b.promptName}`}</h1>
      <div class="pair">
        <SideLink model={model} side="a" of={a} />
        <IconButton icon={<CompareIcon name="swap" />} label="Swap sides" title="Swap sides: compare the other way round" onClick={() => model.request('comparison/swap', { ref })} />
        <SideLink model={model} side="b" of={b} />
        {promotion.badge !== null && <span class="dim small wide" title={promotion.title}>{promotion.badge}</span>}
      </div>
      <div class="with">
        <span>
          {comparison.datasetName !== null && <><button type="button" class="link" title={`Open ${comparison.datasetName}`} onClick={() => model.request('open', { ref, what: 'dataset' })}>{comparison.datasetName}</button> </>}
          <span title={size}>{size}</span>
        </span>
        <span class="mono" title={a.model === b.model ? undefined : `${a.model} against ${b.model}`}>{a.model === b.model ? a.model : `${a.model} ⇄ ${b.model}`}</span>
      </div>
      {running && <Progress shown={shown} />}
      <div class="acts">
        {running
          ? <Button title="Stops the runs; what was answered is kept and compared" onClick={() => model.request('comparison/cancel', { ref })}>Cancel</Button>
          : <Button class="again" title="Runs every case of both sides again, without the cache. Asks before it spends" onClick={() => model.request('comparison/again', { ref })}><span slot="start" class="again-icon"><CompareIcon name="refresh" /></span><span class="wide">Run again</span></Button>}
        {shown.environments.length > 0 && <Button primary={!running && isProposed && shown.promoted === undefined} disabled={running || promotion.targets.length === 0} title={promotion.title} onClick={() => model.request('comparison/promote', { ref })}>Promote…</Button>}
        <More model={model} shown={shown} onKeys={onKeys} />
      </div>
    </header>
  );
}

function SideLink({ model, side, of }: { readonly model: CompareModel; readonly side: Side; readonly of: ComparedSide }): ComponentChild {
  const hash = of.version === null ? null : of.version.hash.slice(0, 8);
  return (
    <button type="button" class="link side-link" title={`${side === 'a' ? 'Baseline' : 'Compared with it'}: ${describeSide(of)}`} onClick={() => model.request('open', { ref: model.ref, what: of.version === null ? 'prompt' : 'version', side })}>
      {of.label}{hash !== null && !of.label.includes(hash) && <span class="mono wide"> · {hash}</span>}
    </button>
  );
}

function Progress({ shown: { comparison: { a, b } } }: { readonly shown: ShownComparison }): ComponentChild {
  const done = a.done + b.done;
  const cost = a.cost === null && b.cost === null ? null : (a.cost ?? 0) + (b.cost ?? 0);
  return (
    <div class="now">
      <span title={`${a.label}: ${formatCount(a.done)} of ${formatCount(a.total)}; ${b.label}: ${formatCount(b.done)} of ${formatCount(b.total)}`}>{formatCount(done)} of {formatCount(a.total + b.total)} outputs</span>
      <span title="Of both sides so far">{cost === null ? 'cost unknown' : formatUsd(cost)}</span>
    </div>
  );
}

function More({ model, shown, onKeys }: { readonly model: CompareModel; readonly shown: ShownComparison; readonly onKeys: () => void }): ComponentChild {
  const { a, b, ref, result, settings: used } = shown.comparison;
  const { settings } = model.state.value;
  const exported = (format: 'markdown' | 'html' | 'json', to: 'clipboard' | 'file') => () => model.request('comparison/export', { ref, settings, format, to });
  const opened = (what: 'prompt' | 'run', side: Side) => () => model.request('open', { ref, what, side });
  const items: MenuItem[] = [
    ...(result === null ? [] : [
      { label: 'Copy as Markdown', run: exported('markdown', 'clipboard') },
      { label: 'Export as Markdown…', run: exported('markdown', 'file') },
      { label: 'Export as HTML report…', run: exported('html', 'file') },
      { label: 'Export as JSON…', run: exported('json', 'file') },
    ]),
    // Of several at once no moment is clear for all.
    ...(isRunning(shown.comparison) || shown.choices.length > 1 ? [] : [{ label: 'Run again until it is clear', run: () => model.request('comparison/again', { ref, untilClear: used }), starts: result !== null }]),
    { label: 'Compare prompts in diff editor', run: () => model.request('prompts/diff', { ref }), starts: result !== null },
    { label: 'Choose another baseline…', run: () => model.request('comparison/choose-side', { ref, side: 'a' }), starts: true },
    { label: 'Compare another with it…', run: () => model.request('comparison/choose-side', { ref, side: 'b' }) },
    { label: `Open prompt of ${a.label}`, run: opened('prompt', 'a'), starts: true },
    { label: `Open run of ${a.label}`, run: opened('run', 'a') },
    { label: `Open prompt of ${b.label}`, run: opened('prompt', 'b') },
    { label: `Open run of ${b.label}`, run: opened('run', 'b') },
    { label: model.state.value.blinded ? 'Judge with names' : 'Judge blinded', run: () => model.toggleBlinded(), starts: true },
    { label: 'Keys', run: onKeys },
  ];
  return <MenuButton icon="ellipsis" label="More actions" items={items} />;
}
