import type { VNode } from 'preact';
import diff from '@vscode/codicons/src/icons/diff.svg' with { type: 'text' };
import group from '@vscode/codicons/src/icons/group-by-ref-type.svg' with { type: 'text' };
import refresh from '@vscode/codicons/src/icons/refresh.svg' with { type: 'text' };
import sortDown from '@vscode/codicons/src/icons/triangle-down.svg' with { type: 'text' };
import sortUp from '@vscode/codicons/src/icons/triangle-up.svg' with { type: 'text' };
import { Glyph, Icon, pathsOf, type IconName } from '../../controls/icon.tsx';

/** The Codicons (CC BY 4.0, Microsoft) of this panel alone. */
const PATHS = pathsOf({ diff, group, refresh, sortDown, sortUp });
type OwnName = keyof typeof PATHS;

/** One of this panel's icons, or one that all panels have. */
export function RunIcon({ name, ...rest }: { readonly name: OwnName | IconName; readonly label?: string; readonly class?: string }): VNode {
  return isOwn(name) ? <Glyph path={PATHS[name]} {...rest} /> : <Icon name={name} {...rest} />;
}

function isOwn(name: OwnName | IconName): name is OwnName {
  return Object.hasOwn(PATHS, name);
}
