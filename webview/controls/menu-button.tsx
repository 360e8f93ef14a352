import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import { IconButton } from './controls.tsx';
import { Menu, type MenuItem } from './menu.tsx';

/** A button that opens a menu below it. `label` names both. */
export function MenuButton({ icon, label, items }: { readonly icon: Parameters<typeof IconButton>[0]['icon']; readonly label: string; readonly items: readonly MenuItem[] }): ComponentChild {
  const [shown, show] = useState(false);
  return (
    <span class="anchor">
      <IconButton icon={icon} label={label} expanded={shown} onClick={() => show(!shown)} />
      {shown && <Menu items={items} label={label} align="right" onClose={() => show(false)} />}
    </span>
  );
}
