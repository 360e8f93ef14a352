import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import { isObject } from '../../src/core/json.ts';
import { formatCount } from '../../src/core/text/format.ts';
import { Icon } from '../controls/icon.tsx';
import { Visible } from './long-text.tsx';
import { clip } from './visible-text.ts';

const OPEN_DEPTH = 2;
const MEMBERS = 100;
const MAX_STRING = 2000;

/** A value of JSON as a tree. Closed branches do not exist yet, long lists come in steps: any size is safe. */
export function JsonTree({ value }: { readonly value: unknown }): ComponentChild {
  return <div class="json mono"><Node name={null} value={value} depth={0} /></div>;
}

function Node({ name, value, depth }: { readonly name: string | null; readonly value: unknown; readonly depth: number }): ComponentChild {
  const [open, setOpen] = useState(depth < OPEN_DEPTH);
  const [shown, show] = useState(MEMBERS);
  const label = name === null ? null : <><span class="json-key"><Visible text={name} /></span>: </>;
  if (!Array.isArray(value) && !isObject(value)) return <div class="json-line leaf">{label}<Leaf value={value} /></div>;
  const list = Array.isArray(value);
  const items: readonly unknown[] = list ? value : Object.values(value);
  const keys = list ? null : Object.keys(value);
  const count = items.length;
  const summary = list ? `[${formatCount(count)}]` : `{${formatCount(count)}}`;
  if (count === 0) return <div class="json-line leaf">{label}<span class="dim">{list ? '[]' : '{}'}</span></div>;
  const children = Array.from({ length: Math.min(count, shown) }, (_, i) => {
    const key = keys?.[i] ?? String(i);
    return <Node key={key} name={key} value={items[i]} depth={depth + 1} />;
  });
  return (
    <div class="json-branch">
      <button type="button" class="json-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'chevronDown' : 'chevronRight'} />{label}<span class="dim">{summary}</span>
      </button>
      {open && (
        <div class="json-members">
          {children}
          {count > shown && <button type="button" class="link more" onClick={() => show(shown + MEMBERS)}>Show {formatCount(Math.min(MEMBERS, count - shown))} more of {formatCount(count - shown)}</button>}
        </div>
      )}
    </div>
  );
}

function Leaf({ value }: { readonly value: unknown }): ComponentChild {
  const [whole, setWhole] = useState(false);
  if (typeof value !== 'string') return <span class="json-other">{String(value)}</span>;
  const text = whole ? value : clip(value, MAX_STRING);
  return (
    <>
      <span class="json-text">"<Visible text={text} />{text.length === value.length && '"'}</span>
      {text.length < value.length && <button type="button" class="link" onClick={() => setWhole(true)}>… {formatCount(value.length - text.length)} more characters</button>}
    </>
  );
}
