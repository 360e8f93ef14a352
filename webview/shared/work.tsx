import type { ReadonlySignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Sash } from './split.tsx';

/** Under this width the detail is below. */
const SIDE_BY_SIDE = '(min-width: 960px)';
const MIN_DETAIL = 240;
const MIN_REST = 200;

/** Pixels of the detail; `null`: as designed. Part of a panel's view state. */
export interface DetailSize {
  readonly detailWidth: number | null;
  readonly detailHeight: number | null;
}

/** The work area: what is looked through, and beside or below it the detail of what is open, with a sash between them. */
export function Work({ model, label, detail, children }: {
  readonly model: { readonly state: ReadonlySignal<DetailSize>; update(change: Partial<DetailSize>, keep?: boolean): void };
  /** Of the detail, for screen readers. */
  readonly label: string;
  /** `null`: nothing is open. */
  readonly detail: ComponentChild;
  readonly children: ComponentChild;
}): ComponentChild {
  const beside = useMedia(SIDE_BY_SIDE);
  const work = useRef<HTMLElement>(null);
  const aside = useRef<HTMLElement>(null);
  const { detailWidth, detailHeight } = model.state.value;
  const size = beside ? detailWidth : detailHeight;
  const measure = (): { size: number; min: number; max: number } => {
    const box = work.current?.getBoundingClientRect();
    const own = aside.current?.getBoundingClientRect();
    const all = (beside ? box?.width : box?.height) ?? 1000;
    return { size: size ?? (beside ? own?.width : own?.height) ?? 400, min: MIN_DETAIL, max: Math.max(MIN_DETAIL, all - MIN_REST) };
  };
  return (
    <main ref={work} class={detail === null ? 'work closed' : 'work'} style={size === null ? undefined : { '--detail': `${size}px` }}>
      {children}
      {detail !== null && (
        <aside ref={aside} class="detail" aria-label={label}>
          <Sash
            orientation={beside ? 'vertical' : 'horizontal'}
            label="Size of the detail"
            measure={measure}
            onResize={(next, done) => model.update(beside ? { detailWidth: next } : { detailHeight: next }, done)}
          />
          {detail}
        </aside>
      )}
    </main>
  );
}

function useMedia(query: string): boolean {
  const [matches, set] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const onChange = (): void => set(list.matches);
    list.addEventListener('change', onChange);
    return () => list.removeEventListener('change', onChange);
  }, [query]);
  return matches;
}
