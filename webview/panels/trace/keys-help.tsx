import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { IconButton } from '../../controls/controls.tsx';

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['↑', '↓'], 'Move among rows'],
  [['→', '←'], 'Open or close a row; to its first row below, to the one above'],
  [['*'], 'Open everything below a row'],
  [['Home', 'End'], 'First and last row'],
  [['Page'], 'A page up or down'],
  [['a–z'], 'To the next name that begins so'],
  [['Enter'], 'Show the span; next match while finding'],
  [['Space'], 'Open or close a row'],
  [['Escape'], 'Close the detail, clear the search, show the whole time'],
  [['/'], 'Find in spans'],
  [['F3', '⇧F3'], 'Next and previous match'],
  [['F8', '⇧F8'], 'Next and previous span that failed'],
  [['+', '−', '0'], 'Zoom in, out, whole trace'],
  [['⇧←', '⇧→'], 'Move the zoomed window'],
  [['Alt ↑', 'Alt ↓'], 'Previous and next sibling'],
  [['Ctrl C'], 'Copy the span as JSON'],
];

export function KeysHelp({ onClose }: { readonly onClose: () => void }): ComponentChild {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="keys" aria-labelledby="keys-title" onClose={onClose} onClick={(event) => { if (event.target === event.currentTarget) dialog.current?.close(); }}>
      <div class="keys-body">
        <div class="keys-head"><h2 id="keys-title">Keys</h2><IconButton icon="close" label="Close" onClick={() => dialog.current?.close()} /></div>
        <dl>{KEYS.map(([keys, what]) => <div key={what}><dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{what}</dd></div>)}</dl>
      </div>
    </dialog>
  );
}
