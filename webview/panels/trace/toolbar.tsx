import type { ComponentChild } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import { SPAN_KINDS } from '../../../src/core/trace/skeleton.ts';
import { timeLabel } from '../../../src/core/trace/view/time-axis.ts';
import { IconButton, SearchField } from '../../controls/controls.tsx';
import { Icon } from '../../controls/icon.tsx';
import { Menu, type MenuItem } from '../../controls/menu.tsx';
import { TraceIcon } from './icons.tsx';
import type { TraceModel } from './trace-model.ts';

const ZOOM = 2;

export function Toolbar({ model }: { readonly model: TraceModel }): ComponentChild {
  const view = model.view.value;
  const { mode } = model.state.value;
  const tree = mode === 'tree';
  void model.changes.value;
  const change = (kind: 'all' | 'none') => () => model.change(() => view?.expandAll(kind));
  const errors = view?.errorCount ?? 0;
  return (
    <div class="toolbar" role="toolbar" aria-label="Trace">
      <Mode model={model} />
      <Find model={model} />
      {tree && (
        <>
          <Kinds model={model} />
          <span class="vr" />
          <IconButton icon={<TraceIcon name="expandAll" />} label="Expand all" onClick={change('all')} />
          <IconButton icon={<TraceIcon name="collapseAll" />} label="Collapse all" onClick={change('none')} />
        </>
      )}
      {errors > 0 && (
        <>
          <span class="vr" />
          <button type="button" class="tool" title="Next span that failed (F8)" onClick={() => model.nextError(1)}>
            <Icon name="error" class="fail" />{formatCount(errors, 'error')}<Icon name="arrowDown" />
          </button>
        </>
      )}
      {tree && <Zoom model={model} />}
      <span class="grow" />
      <Live model={model} />
    </div>
  );
}

function Mode({ model }: { readonly model: TraceModel }): ComponentChild {
  const { mode } = model.state.value;
  const choose = (next: 'tree' | 'messages'): void => model.update({ mode: next });
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!event.key.startsWith('Arrow')) return;
    choose(mode === 'tree' ? 'messages' : 'tree');
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>('[aria-checked="false"]')?.focus();
    event.preventDefault();
  };
  return (
    <div class="seg" role="radiogroup" aria-label="Show as" onKeyDown={onKeyDown}>
      {(['tree', 'messages'] as const).map((one) => (
        <button key={one} type="button" role="radio" aria-checked={mode === one} tabIndex={mode === one ? 0 : -1} title={one === 'tree' ? 'Spans and their times' : 'The whole trace as one conversation'} onClick={() => choose(one)}>
          {one === 'tree' ? 'Tree' : 'Messages'}
        </button>
      ))}
    </div>
  );
}

function Find({ model }: { readonly model: TraceModel }): ComponentChild {
  const { finder } = model;
  const matches = finder.matches.value;
  const found = matches?.positions.length ?? 0;
  const text = finder.text.value;
  // A new object gives the field its text: after a reload, and when it was cleared from elsewhere.
  const given = useMemo(() => ({ text: model.state.value.find }), [text === '']);
  return (
    <div class={text === '' ? 'find' : 'find active'}>
      <SearchField
        given={given}
        placeholder="Find in spans"
        label="Find in spans: names, messages, attributes, errors"
        focus={model.findFocus}
        onInput={(value) => model.find(value)}
        onLeave={(how) => {
          if (how === 'enter') model.nextMatch(1);
          else {
            model.find('');
            model.listFocus.value++;
          }
        }}
      />
      {matches !== null && (
        <span class="found">
          <span class="dim small" role="status">
            {found === 0 ? (finder.busy.value ? 'searching' : 'no match') : finder.current.value >= 0 ? `${formatCount(finder.current.value + 1)} of ${formatCount(found)}${finder.more.value ? '+' : ''}` : `${formatCount(found)}${finder.more.value ? '+' : ''} ${found === 1 ? 'match' : 'matches'}`}
          </span>
          <IconButton icon="arrowUp" label="Previous match" title="Previous match (Shift+F3)" disabled={found === 0} onClick={() => model.nextMatch(-1)} />
          <IconButton icon="arrowDown" label="Next match" title="Next match (F3, Enter)" disabled={found === 0} onClick={() => model.nextMatch(1)} />
          <IconButton icon="close" label="Clear" title="Clear (Escape)" onClick={() => model.find('')} />
        </span>
      )}
    </div>
  );
}

function Kinds({ model }: { readonly model: TraceModel }): ComponentChild {
  const [shown, show] = useState(false);
  const { kinds, errorsOnly } = model.state.value;
  const skeleton = model.view.value?.skeleton;
  const counts = useMemo(() => {
    const each = SPAN_KINDS.map(() => 0);
    if (shown) for (const kind of skeleton?.kinds ?? []) each[kind]!++;
    return each;
  }, [skeleton, shown]);
  const toggle = (kind: string): void => {
    const next = kinds === null ? [kind] : kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind];
    model.setOptions({ kinds: next.length === 0 ? null : next });
  };
  const items: MenuItem[] = [
    { label: 'All kinds', checked: kinds === null, run: () => model.setOptions({ kinds: null }) },
    ...SPAN_KINDS.flatMap((kind, at) => ((counts[at] ?? 0) === 0 ? [] : [{ label: `${kind}  ${formatCount(counts[at] ?? 0)}`, checked: kinds?.includes(kind) ?? false, run: () => toggle(kind) }])),
    { label: 'Only spans that failed', checked: errorsOnly, starts: true, run: () => model.setOptions({ errorsOnly: !errorsOnly }) },
  ];
  const label = kinds === null ? (errorsOnly ? 'Failed' : 'All kinds') : kinds.length === 1 ? kinds[0] : `${kinds.length} kinds`;
  return (
    <span class="anchor">
      <button type="button" class={kinds === null && !errorsOnly ? 'tool' : 'tool on'} aria-haspopup="menu" aria-expanded={shown} title="Show only some kinds of spans" onClick={() => show(!shown)}>
        <TraceIcon name="filter" /><span class="wide">{label}</span><Icon name="chevronDown" class="wide little" />
      </button>
      {shown && <Menu items={items} label="Kinds" align="left" onClose={() => show(false)} />}
    </span>
  );
}

function Zoom({ model }: { readonly model: TraceModel }): ComponentChild {
  const { zoom } = model.state.value;
  const length = zoom === null ? 0 : zoom.to - zoom.from;
  return (
    <>
      <span class="vr wide" />
      <IconButton class="wide" icon={<TraceIcon name="zoomOut" />} label="Zoom out" title="Zoom out (−)" disabled={zoom === null} onClick={() => model.time.zoomBy(1 / ZOOM)} />
      <IconButton class="wide" icon={<TraceIcon name="zoomIn" />} label="Zoom in" title="Zoom in (+), or drag over the axis" onClick={() => model.time.zoomBy(ZOOM)} />
      {zoom !== null && <button type="button" class="tool" title="Show the whole trace (0)" onClick={() => model.time.setZoom(null)}>{timeLabel(length, length / 100)} <span class="dim wide">of the whole</span></button>}
    </>
  );
}

function Live({ model }: { readonly model: TraceModel }): ComponentChild {
  const live = model.live.value;
  const running = model.trace.value?.running ?? 0;
  if (running === 0 && !model.waiting.value && live) return null;
  return (
    <button type="button" class={live ? 'tool live' : 'tool dim'} aria-pressed={live} title={live ? 'Spans are shown as they arrive' : 'What is shown stays as it is'} onClick={() => model.setLive(!live)}>
      <TraceIcon name="broadcast" /><span class="wide">{live ? 'Live' : model.waiting.value ? 'Live off, changed since' : 'Live off'}</span>
    </button>
  );
}
