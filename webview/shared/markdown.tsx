import { signal } from '@preact/signals';
import type { lexer as readAll, MarkedToken, Token } from 'marked';
import type { ComponentChild } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { LongText, Visible } from './long-text.tsx';

/** Longer texts are shown as text: the lexer runs on the panel's only thread. */
const MAX_CHARACTERS = 50_000;
const MAX_DEPTH = 24;
const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&nbsp;': '\u00a0' };

/**
 * Markdown from a model, drawn from the lexer's tokens as elements of our own: HTML in it is shown as text, links lead nowhere (their
 * address is the tooltip), and images are named, not loaded.
 */
export function Markdown({ text }: { readonly text: string }): ComponentChild {
  useEffect(load, []);
  const read = lexer.value;
  const tokens = useMemo(() => (typeof read === 'function' ? readTokens(read, text) : null), [read, text]);
  if (tokens !== null) return <div class="markdown" dir="auto">{blocks(tokens, 0)}</div>;
  const note = read === 'missing' ? 'What draws Markdown could not be loaded. Reload the window.' : 'Too long, or too deep, to be drawn as Markdown.';
  return <>{read !== null && <p class="note">{note}</p>}<LongText text={text} /></>;
}

/** `null`: on its way, the text is shown meanwhile. */
const lexer = signal<typeof readAll | 'missing' | null>(null);
let loading = false;

function load(): void {
  if (loading) return;
  loading = true;
  import('../lazy/markdown-lexer.ts').then((module) => { lexer.value = module.lexer; }, () => { lexer.value = 'missing'; });
}

function readTokens(read: typeof readAll, text: string): Token[] | null {
  if (text.length > MAX_CHARACTERS) return null;
  try {
    return read(text, { gfm: true });
  } catch {
    return null; // nested so deeply that the lexer gave up
  }
}

function blocks(tokens: readonly Token[], depth: number): ComponentChild {
  if (depth > MAX_DEPTH) return <Visible text={tokens.map((token) => token.raw).join('')} />;
  return tokens.map((token, i) => <Block key={i} token={token as MarkedToken} depth={depth} />);
}

function Block({ token, depth }: { readonly token: MarkedToken; readonly depth: number }): ComponentChild {
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'hr':
      return <hr />;
    case 'heading':
      return <p class={`heading h${token.depth}`} role="heading" aria-level={Math.min(6, token.depth + 2)}>{blocks(token.tokens, depth + 1)}</p>;
    case 'paragraph':
      return <p>{blocks(token.tokens, depth + 1)}</p>;
    case 'blockquote':
      return <blockquote>{blocks(token.tokens, depth + 1)}</blockquote>;
    case 'code':
      return <pre class="code"><Visible text={token.text} /></pre>;
    case 'list': {
      const items = token.items.map((item, i) => <li key={i} class={item.task ? 'task' : undefined}>{blocks(item.tokens, depth + 1)}</li>);
      return token.ordered ? <ol start={token.start === '' ? 1 : token.start}>{items}</ol> : <ul>{items}</ul>;
    }
    case 'table':
      return (
        <div class="table-box">
          <table>
            <thead><tr>{token.header.map((cell, i) => <th key={i} scope="col">{blocks(cell.tokens, depth + 1)}</th>)}</tr></thead>
            <tbody>{token.rows.map((row, i) => <tr key={i}>{row.map((cell, j) => <td key={j}>{blocks(cell.tokens, depth + 1)}</td>)}</tr>)}</tbody>
          </table>
        </div>
      );
    case 'checkbox':
      return token.checked ? '☑ ' : '☐ ';
    case 'strong':
      return <strong>{blocks(token.tokens, depth + 1)}</strong>;
    case 'em':
      return <em>{blocks(token.tokens, depth + 1)}</em>;
    case 'del':
      return <s>{blocks(token.tokens, depth + 1)}</s>;
    case 'codespan':
      return <code><Visible text={token.text} /></code>;
    case 'br':
      return <br />;
    case 'link':
      return <span class="inert-link" title={token.href}>{blocks(token.tokens, depth + 1)}</span>;
    case 'image':
      return <span class="image-name" title={token.href}>image{token.text === '' ? '' : `: ${token.text}`}</span>;
    case 'escape':
      return token.text;
    case 'text':
      return token.tokens === undefined ? <Visible text={withEntities(token.text)} /> : blocks(token.tokens, depth + 1);
    case 'html':
      return token.block ? <p><Visible text={token.raw.trim()} /></p> : <Visible text={token.raw} />;
    default:
      return null;
  }
}

/** The lexer leaves entities to its own renderer. Only those that Markdown writers need are decoded; others stay as written. */
function withEntities(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39|nbsp);/g, (entity) => ENTITIES[entity] ?? entity);
}
