import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { IconButton } from '../controls/controls.tsx';

/** Keys as they are printed, and what they do. */
export type KeyHelp = readonly [keys: readonly string[], what: string];

/** All keys of the panel. A real dialog: the rest is out of reach until it closes, and the focus returns where it was. */
export function KeysHelp({ keys, onClose }: { readonly keys: readonly KeyHelp[]; readonly onClose: () => void }): ComponentChild {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="keys" aria-labelledby="keys-title" onClose={onClose} onClick={(event) => { if (event.target === event.currentTarget) dialog.current?.close(); }}>
      <div class="keys-body">
        <div class="keys-head"><h2 id="keys-title">Keys</h2><IconButton icon="close" label="Close" onClick={() => dialog.current?.close()} /></div>
        <dl>{keys.map(([names, what]) => <div key={what}><dt>{names.map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{what}</dd></div>)}</dl>
      </div>
    </dialog>
  );
}
