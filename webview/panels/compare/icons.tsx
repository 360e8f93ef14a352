import type { VNode } from 'preact';
import arrowRight from '@vscode/codicons/src/icons/arrow-right.svg' with { type: 'text' };
import circleSlash from '@vscode/codicons/src/icons/circle-slash.svg' with { type: 'text' };
import chevronUp from '@vscode/codicons/src/icons/chevron-up.svg' with { type: 'text' };
import diff from '@vscode/codicons/src/icons/diff.svg' with { type: 'text' };
import eyeClosed from '@vscode/codicons/src/icons/eye-closed.svg' with { type: 'text' };
import refresh from '@vscode/codicons/src/icons/refresh.svg' with { type: 'text' };
import sortDown from '@vscode/codicons/src/icons/triangle-down.svg' with { type: 'text' };
import sortUp from '@vscode/codicons/src/icons/triangle-up.svg' with { type: 'text' };
import swap from '@vscode/codicons/src/icons/arrow-swap.svg' with { type: 'text' };
import trace from '@vscode/codicons/src/icons/list-tree.svg' with { type: 'text' };
import { Glyph, Icon, pathsOf, type IconName } from '../../controls/icon.tsx';

/** The Codicons (CC BY 4.0, Microsoft) of this panel alone. */
const PATHS = pathsOf({ arrowRight, circleSlash, chevronUp, diff, eyeClosed, refresh, sortDown, sortUp, swap, trace });
type OwnName = keyof typeof PATHS;

/** One of this panel's icons, or one that all panels have. */
export function CompareIcon({ name, ...rest }: { readonly name: OwnName | IconName; readonly label?: string; readonly class?: string }): VNode {
  return isOwn(name) ? <Glyph path={PATHS[name]} {...rest} /> : <Icon name={name} {...rest} />;
}

function isOwn(name: OwnName | IconName): name is OwnName {
  return Object.hasOwn(PATHS, name);
}
