import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

/** The process of a person's provider. First line: what to load. Every further line: one call. */
interface Start {
  readonly path: string;
  readonly export: string | null;
  readonly id: string;
  readonly label: string | null;
  readonly config: Record<string, unknown>;
}

interface Call {
  readonly id: number;
  readonly prompt: string;
  readonly context: Record<string, unknown>;
}

type CallApi = (prompt: string, context: unknown, options: unknown) => unknown;

// Standard output carries the answers: whatever the provider prints goes to standard error.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
// The editor's way to start Node; a program that the provider starts must not inherit it.
delete process.env['ELECTRON_RUN_AS_NODE'];

function send(message: { id: number; value?: unknown; error?: string }): void {
  let text: string;
  try {
    text = JSON.stringify(message);
  } catch (error) {
    text = JSON.stringify({ id: message.id, error: `The answer cannot be written as JSON: ${error instanceof Error ? error.message : String(error)}` });
  }
  write(`${text}\n`);
}

/** A class (made with promptfoo's options), an object with `callApi`, or a function. */
async function load(start: Start): Promise<CallApi> {
  const module: unknown = await import(pathToFileURL(start.path).href);
  const exported = start.export === null ? unwrap(module) : (member(module, start.export) ?? member(unwrap(module), start.export));
  if (exported === undefined || exported === null) throw new Error(`${start.path} exports no ${start.export ?? 'provider'}.`);
  const options = { id: start.id, label: start.label ?? undefined, config: start.config };
  if (typeof exported === 'function') {
    const prototype: unknown = exported.prototype;
    if (typeof prototype === 'object' && prototype !== null && typeof member(prototype, 'callApi') === 'function') {
      return bound(Reflect.construct(exported, [options]), start.path);
    }
    return (prompt, context) => Reflect.apply(exported, undefined, [prompt, context, options]) as unknown;
  }
  return bound(exported, start.path);
}

function bound(provider: unknown, path: string): CallApi {
  const callApi = member(provider, 'callApi');
  if (typeof callApi !== 'function') throw new Error(`The provider of ${path} has no callApi(prompt, context).`);
  return (prompt, context) => Reflect.apply(callApi, provider, [prompt, context]) as unknown;
}

/** The default export, also that of a CommonJS module compiled from ES syntax. */
function unwrap(module: unknown): unknown {
  let value = member(module, 'default') ?? module;
  if (typeof value === 'object' && value !== null && member(value, 'default') !== undefined) value = member(value, 'default');
  return value;
}

function member(value: unknown, name: string): unknown {
  return (typeof value === 'object' || typeof value === 'function') && value !== null ? (Reflect.get(value, name) as unknown) : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 6).join('\n') : String(error);
}

let provider: Promise<CallApi> | null = null;
const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
lines.on('line', (line) => {
  if (provider === null) {
    provider = load(JSON.parse(line) as Start);
    provider.catch(() => undefined);
    return;
  }
  const { id, prompt, context } = JSON.parse(line) as Call;
  provider
    .then((callApi) => callApi(prompt, context, {}))
    .then(
      (value) => send({ id, value: value ?? null }),
      (error: unknown) => send({ id, error: messageOf(error) }),
    );
});
lines.on('close', () => process.exit(0));
