import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import { formatCount } from '../../../src/core/text/format.ts';
import type { Part } from '../../../src/core/trace/model.ts';
import { Visible } from '../../shared/long-text.tsx';
import { clip } from '../../shared/visible-text.ts';
import type { ValueContext } from './whole-text.tsx';

/** Pictures that are only pictures: SVG is a document, and may ask for others. */
const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
/** Base64 characters, about 7.5 MB. */
const MAX_PICTURE = 10_000_000;

/** A picture from its own data; one that stands elsewhere is named and never fetched. Other files are named with their size. */
export function PictureOrFile({ at, pointer, part }: { readonly at: ValueContext; readonly pointer: string; readonly part: Extract<Part, { type: 'image' | 'file' }> }): ComponentChild {
  const [whole, setWhole] = useState<string | null>(null);
  const [broken, setBroken] = useState(false);
  const cut = at.detail.cut.find((one) => one.pointer === pointer);
  const data = whole ?? (cut === undefined ? part.data : null);
  const size = cut?.length ?? part.data?.length ?? 0;
  const type = part.mimeType?.toLowerCase() ?? (part.type === 'image' ? 'image/png' : '');
  const name = part.type === 'file' ? (part.name ?? part.id) : null;
  const words = [part.type, part.mimeType ?? '', name === null ? '' : clip(name, 200), size > 0 ? `${formatCount(Math.max(1, Math.round((size * 3) / 4 / 1024)))} KiB` : ''].filter((word) => word !== '').join(' · ');
  const isPicture = PICTURES.has(type) && size > 0 && size <= MAX_PICTURE;
  const load = (): void => void at.model.act(async () => {
    const { value } = await at.model.api.request('trace/value', { spanId: at.detail.span.spanId, pointer });
    if (typeof value === 'string') setWhole(value);
  });
  return (
    <div class="media">
      {isPicture && data !== null && /^[A-Za-z0-9+/=_\-\s]+$/.test(data) && !broken && <img src={`data:${type};base64,${data}`} alt={words} onError={() => setBroken(true)} />}
      <span class="dim small"><Visible text={words} />{broken && ', which cannot be drawn'}{part.url !== null && <> · at <Visible text={clip(part.url, 500)} />, not loaded</>}</span>
      {isPicture && data === null && <button type="button" class="link small" onClick={load}>Show</button>}
    </div>
  );
}
