import type { ComponentChild } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface MenuItem {
  readonly label: string;
  readonly run: () => void;
  readonly checked?: boolean;
  /** Draws a line above. */
  readonly starts?: boolean;
}

/**
 * A menu in an anchor, beside the button that opens it (`aria-haspopup="menu"`): arrows, Home, End and first letters move, Enter and Space
 * choose, Escape and Tab close. Closed by the keyboard or by a choice, it gives the focus back to the button.
 */
export function Menu({ items, label, align, onClose }: {
  readonly items: readonly MenuItem[];
  readonly label: string;
  readonly align: 'left' | 'right';
  /** `returnFocus`: closed by the keyboard or by a choice; the button has the focus again. */
  readonly onClose: (returnFocus: boolean) => void;
}): ComponentChild {
  const menu = useRef<HTMLDivElement>(null);
  const opener = (): HTMLElement | null => menu.current?.parentElement?.querySelector<HTMLElement>('[aria-haspopup="menu"]') ?? null;
  const leave = (): void => {
    opener()?.focus();
    onClose(true);
  };
  // At once: a key that follows the one that opened it is for the menu.
  useLayoutEffect(() => {
    const list = entries(menu.current);
    (list.find((entry) => entry.getAttribute('aria-checked') === 'true') ?? list[0])?.focus();
    const outside = (event: Event): void => {
      // A click on the button closes it by itself: closed here, it would be opened again.
      if (event.target instanceof Node && menu.current?.contains(event.target) === false && opener()?.contains(event.target) !== true) onClose(false);
    };
    const blurred = (): void => onClose(false);
    addEventListener('pointerdown', outside, true);
    addEventListener('blur', blurred);
    return () => {
      removeEventListener('pointerdown', outside, true);
      removeEventListener('blur', blurred);
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    const list = entries(menu.current);
    const at = list.indexOf(document.activeElement as HTMLElement);
    const target = event.key === 'ArrowDown' ? list[(at + 1) % list.length]
      : event.key === 'ArrowUp' ? list[(at - 1 + list.length) % list.length]
      : event.key === 'Home' ? list[0]
      : event.key === 'End' ? list.at(-1)
      : event.key.length === 1 && event.key !== ' ' ? [...list.slice(at + 1), ...list].find((entry) => entry.textContent?.toLowerCase().startsWith(event.key.toLowerCase()))
      : undefined;
    if (event.key === 'Escape' || event.key === 'Tab') leave();
    else if (target !== undefined) target.focus();
    else if (event.key === 'Enter' || event.key === ' ') return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={menu} class={`menu menu-${align}`} role="menu" aria-label={label} onKeyDown={onKeyDown}>
      {items.map((item) => (
        <button
          key={item.label}
          type="button"
          role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
          aria-checked={item.checked}
          class={item.starts ? 'starts' : undefined}
          tabIndex={-1}
          onClick={(event) => {
            event.stopPropagation();
            leave();
            item.run();
          }}
        >
          {item.label}
        </button>
      ))}
    </div>
  );
}

function entries(menu: HTMLElement | null): HTMLElement[] {
  return menu === null ? [] : [...menu.querySelectorAll<HTMLElement>('button')];
}
