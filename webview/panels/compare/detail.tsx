import type { ComponentChild } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Side } from '../../../src/core/compare/model.ts';
import { formatTokens, formatUsd } from '../../../src/core/text/format.ts';
import type { ComparedCase, Comparison } from '../../../src/protocol/compare.ts';
import type { CellDetail } from '../../../src/protocol/engine.ts';
import { IconButton } from '../../controls/controls.tsx';
import { Icon } from '../../controls/icon.tsx';
import { JsonTree } from '../../shared/json-tree.tsx';
import { LongText, Visible } from '../../shared/long-text.tsx';
import { Mark } from '../../shared/marks.tsx';
import { Duration } from '../../shared/numbers.tsx';
import { asJson, outputText } from '../../shared/output-text.ts';
import { PairedAssertions } from './assertions.tsx';
import type { Seating } from './blinding.ts';
import type { CompareModel, OpenCase } from './compare-model.ts';
import { DifferenceView } from './difference-view.tsx';
import { CompareIcon } from './icons.tsx';
import { JudgeBar } from './judge-bar.tsx';
import { VerdictIcon } from './verdict-word.tsx';

/** Everything about one case: what went in, both outputs beside each other, how each was judged, and the person's verdict. */
export function Detail({ model, comparison, open }: { readonly model: CompareModel; readonly comparison: Comparison; readonly open: OpenCase }): ComponentChild {
  const { detail, failure } = open;
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (body.current !== null) body.current.scrollTop = 0;
  }, [open.caseIndex]);
  if (detail === null) {
    return (
      <>
        <Title model={model} open={open} />
        {failure === null ? <div class="detail-ph" aria-busy="true"><i class="ph" /><i class="ph" /><i class="ph" /></div> : <p class="note" role="alert">This case cannot be read: {failure.message}</p>}
      </>
    );
  }
  const seating = model.seating(detail.caseIndex, detail.verdict);
  const cells = { left: cellOf(model, detail, seating.left), right: cellOf(model, detail, seating.right) };
  return (
    <>
      <Title model={model} open={open} />
      <div ref={body} class="body" tabIndex={0} role="region" aria-label="Outputs of the case">
        <Variables model={model} detail={detail} />
        <section class="rule" aria-label="Outputs">
          <div class="sides heads">
            <SideHead model={model} comparison={comparison} detail={detail} side={seating.left} name={seating.hidden ? 'Left' : comparison[seating.left].label} seating={seating} />
            <SideHead model={model} comparison={comparison} detail={detail} side={seating.right} name={seating.hidden ? 'Right' : comparison[seating.right].label} seating={seating} />
          </div>
          <Outputs left={cells.left} right={cells.right} />
          {!seating.hidden && <div class="sides"><Facts cell={cells.left} /><Facts cell={cells.right} /></div>}
        </section>
        {seating.hidden ? <p class="note rule">Names, checks, costs and latencies appear after your verdict.</p> : <Assertions model={model} cells={cells} />}
      </div>
      <JudgeBar model={model} detail={detail} seating={seating} />
    </>
  );
}

function Title({ model, open: { caseIndex, detail } }: { readonly model: CompareModel; readonly open: OpenCase }): ComponentChild {
  const item = detail?.cells.a[0]?.case ?? detail?.cells.b[0]?.case;
  const hidden = detail !== null && model.seating(caseIndex, detail.verdict).hidden;
  const changes = detail === null || hidden ? null : detail.regressed ? 'regressed' : detail.improved ? 'improved' : detail.changed ? 'changed' : 'same outputs';
  const expected = item?.expected === undefined || item.expected === null ? null : outputText(item.expected);
  return (
    <div class="dhead">
      <span class="mono ell name" title={detail?.caseId}>{detail?.caseId ?? ''}</span>
      {changes !== null && <span class="small change-word"><VerdictIcon tone={changes === 'regressed' ? 'worse' : changes === 'improved' ? 'better' : 'none'} />{changes}</span>}
      {expected !== null && <span class="dim small ell expected" title={expected.slice(0, 2000)}>expected <span class="mono">{expected.slice(0, 200)}</span></span>}
      <span class="nav">
        <IconButton icon={<CompareIcon name="chevronUp" />} label="Previous case" title="Previous case (Shift+F8)" onClick={() => model.step(-1)} />
        <IconButton icon="chevronDown" label="Next case" title="Next case (F8)" onClick={() => model.step(1)} />
        {detail !== null && !hidden && <IconButton icon={<CompareIcon name="diff" />} label="Compare outputs in diff editor" title="Compare these outputs in VS Code’s diff editor" onClick={() => model.request('outputs/diff', { ref: model.ref, caseIndex, repeats: { a: model.repeatOf('a', detail), b: model.repeatOf('b', detail) } })} />}
        <IconButton icon="goToFile" label="Open case" title={item === undefined ? 'Open case' : `Open ${fileName(item.file)}, line ${item.range.start.line + 1}`} onClick={() => model.request('open', { ref: model.ref, what: 'case', caseIndex })} />
        <IconButton icon="close" label="Close" title="Close (Esc)" onClick={() => model.closeCase()} />
      </span>
    </div>
  );
}

/** A part that folds; which ones are folded is remembered. */
function Part({ model, part, label, children }: { readonly model: CompareModel; readonly part: 'variables' | 'assertions'; readonly label: string; readonly children: ComponentChild }): ComponentChild {
  const { folded } = model.state.value;
  const isFolded = folded.includes(part);
  return (
    <section class={part === 'variables' ? 'part' : 'part rule'} aria-label={label}>
      <button type="button" class="part-head" aria-expanded={!isFolded} onClick={() => model.update({ folded: isFolded ? folded.filter((name) => name !== part) : [...folded, part] })}>
        <Icon name={isFolded ? 'chevronRight' : 'chevronDown'} />{label}
      </button>
      {!isFolded && children}
    </section>
  );
}

function Variables({ model, detail }: { readonly model: CompareModel; readonly detail: ComparedCase }): ComponentChild {
  const vars = (detail.cells.a[0] ?? detail.cells.b[0])?.case.vars ?? {};
  const names = Object.keys(vars);
  if (names.length === 0) return null;
  return (
    <Part model={model} part="variables" label="Variables">
      <dl class="vars">
        {names.map((name) => <div key={name}><dt title={name}>{name}</dt><dd>{typeof vars[name] === 'object' && vars[name] !== null ? <JsonTree value={vars[name]} /> : <LongText text={String(vars[name])} />}</dd></div>)}
      </dl>
    </Part>
  );
}

function SideHead({ model, comparison, detail, side, name, seating }: {
  readonly model: CompareModel;
  readonly comparison: Comparison;
  readonly detail: ComparedCase;
  readonly side: Side;
  readonly name: string;
  readonly seating: Seating;
}): ComponentChild {
  const cells = detail.cells[side];
  const repeat = model.repeatOf(side, detail);
  const choose = (to: number): void => model.update({ repeats: { ...model.state.value.repeats, [side]: (to + cells.length) % cells.length } });
  const { ref } = comparison;
  const { caseIndex } = detail;
  return (
    <div class="side-head">
      <span class="ell side-name" title={name}>{name}</span>
      {cells.length > 1 && (
        <span class="reps" role="radiogroup" aria-label={`Repeat of ${name}`}>
          {cells.map((cell, at) => (
            <button key={at} type="button" role="radio" aria-checked={at === repeat} aria-label={`Repeat ${at + 1}${seating.hidden ? '' : `: ${outcomeOf(cell)}`}`} title={`Repeat ${at + 1}${seating.hidden ? '' : `: ${outcomeOf(cell)}`}`} tabIndex={at === repeat ? 0 : -1} onClick={() => choose(at)} onKeyDown={(event) => {
              if (event.key === 'ArrowRight') choose(at + 1);
              else if (event.key === 'ArrowLeft') choose(at - 1);
              else return;
              event.preventDefault();
              const { parentElement } = event.currentTarget;
              requestAnimationFrame(() => parentElement?.querySelector<HTMLElement>('[aria-checked="true"]')?.focus());
            }}>{seating.hidden || cells.length > 5 ? at + 1 : <Outcome cell={cell} />}</button>
          ))}
        </span>
      )}
      {cells.length === 1 && !seating.hidden && cells[0] !== undefined && <Outcome cell={cells[0]} />}
      <span class="nav">
        {!seating.hidden && <button type="button" class="link trace-link" title={`Open the trace of this output of ${name}`} onClick={() => model.request('output/trace', { ref, side, caseIndex, repeat })}><CompareIcon name="trace" /><span>Trace</span></button>}
      </span>
    </div>
  );
}

function Outcome({ cell }: { readonly cell: CellDetail }): ComponentChild {
  if (cell.status === 'running') return <Icon name="loading" class="spin" />;
  if (cell.status === 'error') return <Icon name="error" class="fail" />;
  return <Mark pass={cell.result?.pass ?? null} />;
}

function outcomeOf({ status, result }: CellDetail): string {
  if (status !== 'done') return status;
  return result?.pass === true ? 'passed' : result?.pass === false ? 'failed' : 'not scored';
}

function Outputs({ left, right }: { readonly left: CellDetail | undefined; readonly right: CellDetail | undefined }): ComponentChild {
  const texts = useMemo(() => textsOf(left?.result?.output, right?.result?.output), [left?.result?.output, right?.result?.output]);
  const missing = [left, right].map(whyMissing);
  if (missing[0] !== null || missing[1] !== null) {
    return <div class="sides outputs">{[left, right].map((cell, i) => <div key={i} class="out">{missing[i] === null ? <LongText text={outputText(cell?.result?.output)} /> : <p class="missing"><Visible text={missing[i] ?? ''} /></p>}</div>)}</div>;
  }
  if (texts.left === '' && texts.right === '') return <p class="note">Both outputs are empty.</p>;
  return <div class="outputs" data-same={texts.left === texts.right}><DifferenceView left={texts.left} right={texts.right} /></div>;
}

/** Of two values of JSON the data is compared, not how it was set. */
function textsOf(left: unknown, right: unknown): { readonly left: string; readonly right: string } {
  const [one, other] = [asJson(left), asJson(right)];
  if (one !== undefined && other !== undefined) return { left: JSON.stringify(one, null, 2), right: JSON.stringify(other, null, 2) };
  return { left: outputText(left), right: outputText(right) };
}

function whyMissing(cell: CellDetail | undefined): string | null {
  if (cell === undefined || cell.status === 'waiting') return 'Not run yet.';
  if (cell.status === 'running') return 'The model is at work on it.';
  if (cell.result?.error != null) return `No output: ${cell.result.error.message}`;
  return null;
}

function Facts({ cell }: { readonly cell: CellDetail | undefined }): ComponentChild {
  const result = cell?.result ?? null;
  if (result === null) return <div class="meta" />;
  return (
    <div class="meta">
      <span>{result.cached ? 'cached' : <Duration ms={result.latencyMs} />}</span>
      {result.usage !== null && <span>{formatTokens(result.usage.input)}→{formatTokens(result.usage.output)} tok</span>}
      <span>{result.cost === null ? 'cost unknown' : formatUsd(result.cost)}</span>
      {result.finishReason !== null && result.finishReason !== 'stop' && <span>ended by {result.finishReason}</span>}
    </div>
  );
}

function Assertions({ model, cells }: { readonly model: CompareModel; readonly cells: { readonly left: CellDetail | undefined; readonly right: CellDetail | undefined } }): ComponentChild {
  const left = cells.left?.result?.assertions ?? [];
  const right = cells.right?.result?.assertions ?? [];
  return (
    <Part model={model} part="assertions" label="Assertions">
      {left.length === 0 && right.length === 0 ? <p class="note">No assertion looked at these outputs.</p> : <PairedAssertions left={left} right={right} />}
    </Part>
  );
}

function cellOf(model: CompareModel, detail: ComparedCase, side: Side): CellDetail | undefined {
  return detail.cells[side][model.repeatOf(side, detail)];
}

function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
