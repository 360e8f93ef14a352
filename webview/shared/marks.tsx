import type { ComponentChild } from 'preact';
import { Icon } from '../controls/icon.tsx';

/** Marks that are drawn one by one; more repeats are counted. */
const MAX_MARKS = 3;

/** Whether each repeat of a case passes. */
export function Marks({ passes }: { readonly passes: readonly (boolean | null)[] }): ComponentChild {
  if (passes.length > MAX_MARKS) {
    const passed = passes.filter((pass) => pass === true).length;
    return <span class={`marks many ${passed === passes.length ? 'pass' : 'fail'}`} title={`${passed} of ${passes.length} repeats pass`}>{passed}/{passes.length}</span>;
  }
  return <span class="marks">{passes.map((pass, at) => <Mark key={at} pass={pass} />)}</span>;
}

export function Mark({ pass, label }: { readonly pass: boolean | null; readonly label?: string }): ComponentChild {
  if (pass === null) return <span class="mark-none" title="No assertion">·</span>;
  return <Icon name={pass ? 'check' : 'close'} class={pass ? 'pass' : 'fail'} {...(label === undefined ? {} : { label })} />;
}
