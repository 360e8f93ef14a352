import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/**
 * The page of a panel: one module script and one style sheet of ours, by nonce, and nothing from elsewhere; `pictures` that are
 * part of what is shown are drawn from the data that came with it. The toolkit of form controls inserts a style element of its own; it takes the nonce from
 * the `csp-nonce` meta element.
 */
export function panelHtml(webview: vscode.Webview, extensionUri: vscode.Uri, panel: string, title: string, { pictures }: { readonly pictures: boolean }): string {
  const nonce = randomBytes(16).toString('base64url');
  const asset = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, 'dist', 'webview', name)).toString();
  const csp = ["default-src 'none'", `style-src ${webview.cspSource} 'nonce-${nonce}'`, `font-src ${webview.cspSource}`, `script-src 'nonce-${nonce}'`, ...(pictures ? ['img-src data:'] : [])].join('; ');
  return `<!DOCTYPE html>
<html lang="${escapeAttribute(vscode.env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${csp}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="csp-nonce" property="csp-nonce" content="${nonce}" nonce="${nonce}">
<link rel="stylesheet" href="${asset(`${panel}.css`)}" nonce="${nonce}">
<title>${escapeAttribute(title)}</title>
</head>
<body>
<script type="module" src="${asset(`${panel}.js`)}" nonce="${nonce}"></script>
</body>
</html>`;
}

/** What the panels may load. */
export function panelRoots(extensionUri: vscode.Uri): vscode.Uri[] {
  return [vscode.Uri.joinPath(extensionUri, 'dist', 'webview')];
}

function escapeAttribute(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
