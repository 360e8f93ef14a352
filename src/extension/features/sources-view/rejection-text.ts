/** More of a body is not shown: nobody reads it, and an editor would be slow. */
const SHOWN_BYTES = 256 * 1024;
const ROW = 16;

/**
 * Bytes that could not be taken, as a text: JSON as it was sent, anything else as addresses, bytes and letters. Nothing of
 * it is interpreted, because it is what an unknown program has sent.
 */
export function rejectionText(contentType: string, body: Uint8Array): { readonly ending: 'json' | 'txt'; readonly text: string } {
  const shown = body.subarray(0, SHOWN_BYTES);
  const rest = body.length > shown.length ? `\n… ${body.length - shown.length} bytes more\n` : '';
  if (!/\bprotobuf\b|octet-stream/i.test(contentType)) {
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(shown, { stream: rest !== '' });
      return { ending: /json/i.test(contentType) ? 'json' : 'txt', text: text + rest };
    } catch {
      // Not UTF-8, whatever its type says.
    }
  }
  return { ending: 'txt', text: hexDump(shown) + rest };
}

function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = [...bytes.subarray(at, at + ROW)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const letters = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(ROW * 3 - 1)}  ${letters}`);
  }
  return `${lines.join('\n')}\n`;
}
