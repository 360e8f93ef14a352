import { useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import type { PanelModel } from './panel-model.ts';
import { Button, IconButton, registerControlsSoon } from '../controls/controls.tsx';
import { Icon } from '../controls/icon.tsx';
import { explainFailure, type Failure, type FailureWords } from './failure.ts';
import { KeysHelp, type KeyHelp } from './keys-help.tsx';

type FailureProps = { readonly failure: Failure; readonly words: FailureWords; readonly onRetry: () => void };

/** What a panel is about, each kind of panel in its way. */
const LIST = ':is([role="treegrid"], [role="grid"], [role="listbox"])[tabindex="0"]';
/** Keys that lists take. */
const LIST_KEYS: ReadonlySet<string> = new Set(['ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight', 'Home', 'End', 'PageDown', 'PageUp', 'Enter']);

function isTyping({ target }: KeyboardEvent): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, vscode-text-field');
}

function listOf(panel: ParentNode): HTMLElement | null {
  return panel.querySelector<HTMLElement>(LIST);
}

/**
 * The frame of a panel: its structure until there is something to show, what is wrong, its keys, and what is read out.
 *
 *     <Panel model={model} words={WORDS} keys={KEYS} onKey={…} loading={<Loading />}>
 *       {data === null ? null : ({ notes, showKeys }) => <><Header onKeys={showKeys} />{notes}<main>…</main></>}
 *     </Panel>
 *
 * The children are the rows of the grid `.panel`, which the panel's own style sheet lays out (`grid-template`).
 */
export function Panel({ model, words, keys, onKey, loading, children }: {
  readonly model: Pick<PanelModel<Record<never, never>, object>, 'failure' | 'notice' | 'announcement' | 'start'>;
  readonly words: FailureWords;
  readonly keys: readonly KeyHelp[];
  /** A key that no control has taken, wherever the focus is. `typing`: it is in a text field. `true`: it was meant for the panel. */
  readonly onKey: (event: KeyboardEvent, typing: boolean) => boolean;
  readonly loading: ComponentChild;
  /** `null`: there is nothing to show yet. `notes` are one row: what is wrong, or nothing. */
  readonly children: ((parts: { readonly notes: ComponentChild; readonly showKeys: () => void }) => ComponentChild) | null;
}): ComponentChild {
  const help = useSignal(false);
  const showKeys = (): void => { help.value = true; };
  useLayoutEffect(() => {
    // Of every key that comes back to the window VS Code runs the command that it is bound to (Ctrl+G asks for a line), also of one that
    // was taken. Copying is the business of what has the focus.
    const onShortcut = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key === 'c' || !onKey(event, isTyping(event))) return;
      event.preventDefault();
      event.stopPropagation();
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) return;
      const typing = isTyping(event);
      const list = event.target === document.body && LIST_KEYS.has(event.key) ? listOf(document) : null;
      if (list !== null) {
        // Nothing has the focus (an empty place was clicked): the key is for the list.
        list.focus({ preventScroll: true });
        list.dispatchEvent(new KeyboardEvent('keydown', { key: event.key, shiftKey: event.shiftKey, ctrlKey: event.ctrlKey, metaKey: event.metaKey, altKey: event.altKey, bubbles: true, cancelable: true }));
      } else if (event.key === '?' && !typing) showKeys();
      else if (!onKey(event, typing)) return;
      event.preventDefault();
    };
    // A question or another editor takes the focus from the page, and VS Code gives it back to the page alone: to what had it, or else the list.
    let last: EventTarget | null = null;
    const onFocus = (): void => {
      if (document.activeElement !== document.body) return;
      const back = last instanceof HTMLElement && last.checkVisibility() ? last : listOf(document);
      back?.focus({ preventScroll: true });
    };
    const closed = new AbortController();
    const { signal } = closed;
    addEventListener('keydown', onShortcut, { capture: true, signal });
    addEventListener('keydown', onKeyDown, { signal });
    addEventListener('focusin', ({ target }) => { last = target; }, { signal });
    addEventListener('focus', onFocus, { signal });
    return () => closed.abort();
  }, [model]);
  const isStructure = children === null && model.failure.value === null;
  // What stands in for data has no controls: they can wait until there is something to use them on.
  useLayoutEffect(() => (isStructure ? undefined : registerControlsSoon()), [isStructure]);
  const isShown = children !== null;
  useLayoutEffect(() => {
    // What VS Code gives the focus to is the page; of a page, only its list is of use to the keys.
    if (isShown && document.hasFocus() && document.activeElement === document.body) listOf(document)?.focus({ preventScroll: true });
  }, [isShown]);
  const failure = model.failure.value;
  const notice = model.notice.value;
  const onRetry = (): void => void model.start();
  if (children === null) return failure === null ? loading : <Unreachable failure={failure} words={words} onRetry={onRetry} />;
  const notes = (
    <div class="notes">
      {failure !== null && <FailureBar failure={failure} words={words} onRetry={onRetry} />}
      {notice !== null && <NoticeBar text={notice} onClose={() => { model.notice.value = null; }} />}
    </div>
  );
  return (
    <div class="panel">
      {children({ notes, showKeys })}
      <div class="unseen-live" role="status">{model.announcement.value}</div>
      {help.value && <KeysHelp keys={keys} onClose={() => { help.value = false; }} />}
    </div>
  );
}

/** It cannot be shown at all. */
function Unreachable({ failure, words, onRetry }: FailureProps): ComponentChild {
  const { title, meaning } = explainFailure(failure, words);
  return (
    <div class="unreachable" role="alert">
      <h1><Icon name="error" class="fail" />{title}</h1>
      <p>{failure.message}</p>
      <p class="dim">{meaning}</p>
      <Button primary onClick={onRetry}>Try again</Button>
    </div>
  );
}

/** What is shown may be out of date; it stays readable. */
function FailureBar({ failure, words, onRetry }: FailureProps): ComponentChild {
  const { title, meaning } = explainFailure(failure, words);
  return (
    <div class="notice" role="alert">
      <Icon name="error" class="fail" />
      <span class="notice-text"><b>{title}</b> {failure.message} <span class="dim">{meaning}</span></span>
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}

/** An action did not work. */
function NoticeBar({ text, onClose }: { readonly text: string; readonly onClose: () => void }): ComponentChild {
  return (
    <div class="notice" role="alert">
      <Icon name="warning" class="warn" />
      <span class="notice-text">{text}</span>
      <IconButton icon="close" label="Dismiss" onClick={onClose} />
    </div>
  );
}
