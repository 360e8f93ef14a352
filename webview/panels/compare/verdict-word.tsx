import type { ComponentChild } from 'preact';
import { CompareIcon } from './icons.tsx';
import type { Tone } from './wording.ts';

/** The sign of a verdict; the word stands beside it, never the sign alone. */
export function VerdictIcon({ tone, direction }: {
  readonly tone: Tone | 'refused';
  /** Where the number went; of what is better or worse. Absent: up is better. */
  readonly direction?: 'up' | 'down';
}): ComponentChild {
  switch (tone) {
    case 'better':
    case 'worse':
      return <CompareIcon name={(direction ?? (tone === 'better' ? 'up' : 'down')) === 'up' ? 'arrowUp' : 'arrowDown'} class={tone === 'better' ? 'pass' : 'fail'} />;
    case 'few':
      return <CompareIcon name="warning" class="warn" />;
    case 'refused':
      return <CompareIcon name="circleSlash" class="warn" />;
    case 'none':
      return null;
  }
}
