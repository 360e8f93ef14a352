import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { IconButton } from '../../controls/controls.tsx';

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['↑', '↓', '←', '→'], 'Move among cases and cells'],
  [['Page Up', 'Page Down'], 'Move by a page'],
  [['Home', 'End'], 'First and last case'],
  [['a … z'], 'Go to the case whose id begins so'],
  [['Enter'], 'Open the cell, or sort by the column'],
  [['Esc'], 'Close the detail, leave the search'],
  [['F8', 'Shift+F8'], 'Next and previous failing cell'],
  [['/'], 'Search'],
  [['Ctrl+C', '⌘C'], 'Copy the output'],
  [['?'], 'Show these keys'],
];

/** All keys of the panel. A real dialog: the rest is out of reach until it closes, and the focus returns where it was. */
export function KeysHelp({ onClose }: { readonly onClose: () => void }): ComponentChild {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} class="keys" aria-label="Keys" onClose={onClose} onClick={(event) => { if (event.target === event.currentTarget) dialog.current?.close(); }}>
      <div class="keys-body">
        <div class="keys-head"><h2>Keys</h2><IconButton icon="close" label="Close" onClick={() => dialog.current?.close()} /></div>
        <dl>
          {KEYS.map(([keys, what]) => (
            <div key={what}><dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{what}</dd></div>
          ))}
        </dl>
      </div>
    </dialog>
  );
}
