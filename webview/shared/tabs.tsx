import type { ComponentChild } from 'preact';

/** One tab stop; the arrows choose, around the ends. `panel` is the id of what the tabs show. */
export function Tabs<Tab extends string>({ tabs, tab, label, panel, onChoose }: {
  readonly tabs: readonly { readonly tab: Tab; readonly label: ComponentChild }[];
  readonly tab: Tab;
  readonly label: string;
  readonly panel?: string;
  readonly onChoose: (tab: Tab) => void;
}): ComponentChild {
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const at = (tabs.findIndex((entry) => entry.tab === tab) + step + tabs.length) % tabs.length;
    const next = tabs[at];
    if (next === undefined) return;
    onChoose(next.tab);
    event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')[at]?.focus();
    event.preventDefault();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map((entry) => (
        <button key={entry.tab} id={`tab-${entry.tab}`} type="button" role="tab" aria-selected={entry.tab === tab} aria-controls={panel} tabIndex={entry.tab === tab ? 0 : -1} onClick={() => onChoose(entry.tab)}>{entry.label}</button>
      ))}
    </div>
  );
}
