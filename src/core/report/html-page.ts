/** What surrounds every HTML report: a page by itself, which loads nothing and runs nothing but what it is given here. */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { escapeHtml } from './escape-html.ts';

/** Up to the begin of the body. Its policy allows the one style sheet, and the one script if there is any, by their hashes, whatever an output holds. */
export function pageHead({ title, style, script }: { readonly title: string; readonly style: string; readonly script?: string }): string {
  const policy = `default-src 'none'; style-src ${hashSource(style)};${script === undefined ? '' : ` script-src ${hashSource(script)};`} base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)} · Touchstone</title>
<style>${style}</style>
</head>
<body>
`;
}

/** From the end of the content on; the script is that of the head. */
export function pageEnd(script?: string): string {
  return `${script === undefined ? '' : `<script>${script}</script>\n`}</body>\n</html>\n`;
}

function hashSource(text: string): string {
  return `'sha256-${btoa(String.fromCharCode(...sha256(utf8ToBytes(text))))}'`;
}
