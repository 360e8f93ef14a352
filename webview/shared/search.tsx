import type { ReadonlySignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { SearchField } from '../controls/controls.tsx';

/** What is typed is looked for when the typing rests. */
const TYPING_MS = 120;

/** The search field of a list: looks for what was typed, and goes on to the list. */
export function Search({ text, placeholder, label, focus, onSearch, onLeave }: {
  /** What is looked for now. */
  readonly text: string;
  readonly placeholder: string;
  readonly label: string;
  /** Grows each time the field should take the keyboard. */
  readonly focus: ReadonlySignal<number>;
  /** Only with another text than `text`. */
  readonly onSearch: (text: string) => void;
  /** Escape, or Enter or Arrow Down: the keyboard goes to the list. */
  readonly onLeave: () => void;
}): ComponentChild {
  const [given, give] = useState({ text });
  // Enter may follow the last letter before anything was drawn anew.
  const latest = useRef(text);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const applied = useRef(text);
  useLayoutEffect(() => {
    // Only what somebody else set (Clear filter): what was typed here may have grown meanwhile.
    if (text === applied.current) return;
    clearTimeout(timer.current);
    applied.current = text;
    latest.current = text;
    give({ text });
  }, [text]);
  const apply = (wanted: string): void => {
    clearTimeout(timer.current);
    const before = applied.current;
    applied.current = wanted;
    if (wanted !== before) onSearch(wanted);
  };
  return (
    <SearchField
      given={given}
      placeholder={placeholder}
      label={label}
      focus={focus}
      onInput={(typed) => {
        latest.current = typed;
        clearTimeout(timer.current);
        timer.current = setTimeout(() => apply(typed), TYPING_MS);
      }}
      onLeave={(how) => {
        apply(how === 'escape' ? '' : latest.current);
        if (how === 'escape') give({ text: '' });
        onLeave();
      }}
    />
  );
}
