import { TouchstoneError } from '../../core/errors.ts';
import { isBeginningOfId } from '../../core/links/recognise.ts';
import { guessNote } from '../../core/links/vendors.ts';
import { formatCount } from '../../core/text/format.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { LinkExplanation, OpenedLink } from '../../protocol/remote.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { Interrupts } from '../interrupts.ts';
import { StatusLine } from '../status.ts';
import { fit, printable, printableLines } from '../terminal.ts';
import { traceIdOf } from '../trace-ids.ts';
import { workspaceFolder } from '../workspace.ts';

export interface OpenOptions extends CommonOptions {
  readonly explain?: boolean;
  readonly json?: boolean;
  readonly refresh?: boolean;
}

/** Opens the trace of a link: from the store, else from its source into the store, and shows it as `touchstone trace` does. */
export async function openCommand(words: readonly string[], options: OpenOptions, context: CliContext): Promise<ExitCode> {
  if (options.explain === true && options.refresh === true) throw usageError('--explain contacts nothing: it cannot be given with --refresh.');
  const given = words.join(' ');
  const status = new StatusLine(context.stderr, options.verbose === true);
  const engine = await context.openEngine(workspaceFolder(context.cwd, options.workspace), (entry) => status.log(entry));
  const interrupts = new Interrupts(context, status);
  const off = engine.on('remote/progress', ({ source, spans }) => status.setLive(fit(`${printable(source)}  ${formatCount(spans, 'span')}`, context.stderr.columns - 1)));
  try {
    const text = await whole(engine, given);
    if (options.explain === true) {
      const explanation = await engine.request('links/explain', { text });
      await context.stdout.write(options.json === true ? `${JSON.stringify(explanation, null, 1)}\n` : explained(explanation));
      return EXIT.good;
    }
    const opened = await open(engine, text, options, interrupts.signal);
    status.clear();
    for (const note of opened.notes) status.print(printableLines(note).join('\n'));
    const { text: shown } = await engine.request('traces/export', { traceId: opened.traceId, format: options.json === true ? 'json' : 'tree' });
    await context.stdout.write(options.json === true ? shown : `${printableLines(shown.replace(/\n$/, '')).join('\n')}\n`);
    return EXIT.good;
  } finally {
    status.clear();
    off();
    interrupts.dispose();
    await engine.dispose();
  }
}

async function whole(engine: EngineClient, text: string): Promise<string> {
  if (!isBeginningOfId(text)) return text;
  try {
    return await traceIdOf(engine, text);
  } catch (error) {
    if (error instanceof TouchstoneError && error.code === 'not-found') return text;
    throw error;
  }
}

async function open(engine: EngineClient, text: string, options: OpenOptions, signal: AbortSignal): Promise<Extract<OpenedLink, { status: 'opened' }>> {
  const opened = await engine.request('links/open', { text }, signal);
  if (opened.status === 'opened' && opened.from === 'store' && options.refresh === true) {
    const fresh = await engine.request('remote/refresh', { traceId: opened.traceId }, signal);
    if (fresh.status === 'opened') return fresh;
  }
  switch (opened.status) {
    case 'opened': return opened;
    case 'browser': throw new TouchstoneError('usage', opened.reason);
    case 'unknown-host': throw new TouchstoneError('usage', `No source in touchstone.yml is configured for ${opened.host}: nothing was contacted.${guessed(opened)}${suggestion(opened)}`);
  }
}

function guessed({ backend, host }: Extract<OpenedLink, { status: 'unknown-host' }>): string {
  const note = guessNote(backend, host);
  return note === null ? '' : ` ${note}`;
}

/** A person in a terminal agrees by writing it down. */
function suggestion({ suggestion: entry }: Extract<OpenedLink, { status: 'unknown-host' }>): string {
  if (entry === null) return '';
  const members = Object.entries(entry).map(([key, value]) => `${key}: ${/^[A-Za-z][\w./-]*$/.test(String(value)) ? String(value) : JSON.stringify(value)}`);
  return ` If you trust it, add this to touchstone.yml, and set its key (\`touchstone sources\` names it):\ntraces:\n  sources:\n    - { ${members.join(', ')} }`;
}

function explained({ backend, host, project, traceId, spanId, source, wouldContact, note }: LinkExplanation): string {
  const lines: readonly (readonly [string, string | null])[] = [
    ['backend', backend], ['host', host], ['project', project], ['trace', traceId], ['span', spanId], ['source', source], ['would contact', wouldContact.length === 0 ? 'nothing' : wouldContact.join(', ')], ['', note],
  ];
  return lines.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(14)}${printable(value)}\n`])).join('');
}
