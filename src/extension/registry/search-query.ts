/** What the registry is searched for, as one line says it: `refund tag:spanish model:gpt-5* owner:anna score:>0.8`. */
export interface SearchQuery {
  /** What is left beside the filters: looked for as text, and by its meaning. */
  readonly words: string;
  readonly tags: readonly string[];
  readonly model?: string;
  readonly owner?: string;
  /** Share in 0..1. */
  readonly minPassRate?: number;
}

const FILTER = /(?:^|\s)(tag|model|owner|score):(?:"([^"]*)"|(\S*))/g;
const SCORE = /^>?=?(\d+(?:\.\d+)?)(%?)$/;

/** A filter that cannot be understood, or that is not finished yet, is left out: the line is read at every key. */
export function readSearchQuery(line: string): SearchQuery {
  const tags: string[] = [];
  let model: string | undefined;
  let owner: string | undefined;
  let minPassRate: number | undefined;
  const words = line.replaceAll(FILTER, (_whole, key: string, quoted: string | undefined, bare: string | undefined) => {
    const value = (quoted ?? bare ?? '').trim();
    if (value === '') return ' ';
    if (key === 'tag') tags.push(value.replace(/^#/, ''));
    if (key === 'model') model = value;
    if (key === 'owner') owner = value;
    if (key === 'score') minPassRate = shareOf(value) ?? minPassRate;
    return ' ';
  }).replace(/\s+/g, ' ').trim();
  return { words, tags, ...(model === undefined ? {} : { model }), ...(owner === undefined ? {} : { owner }), ...(minPassRate === undefined ? {} : { minPassRate }) };
}

/** `>0.8`, `0.8`, `>=80%` → 0.8. */
function shareOf(text: string): number | undefined {
  const match = SCORE.exec(text);
  if (!match) return undefined;
  const value = Number(match[1]) / (match[2] === '%' ? 100 : 1);
  return value >= 0 && value <= 1 ? value : undefined;
}
