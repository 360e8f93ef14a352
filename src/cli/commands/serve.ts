import { formatCount } from '../../core/text/format.ts';
import { receiverEnvironment } from '../../core/trace/receiver-environment.ts';
import { TouchstoneError } from '../../core/errors.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { ReceiverStatus, SourcesState } from '../../protocol/traces.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { StatusLine } from '../status.ts';
import { fit, paint, printable } from '../terminal.ts';
import { workspaceFolder } from '../workspace.ts';

export interface ServeOptions extends CommonOptions {
  readonly port: number;
  readonly grpcPort: number;
  readonly grpc: boolean;
  readonly json?: boolean;
}

/** Counts that change all the time are looked at so often. */
const LOOK_MS = 1000;

/** Receives traces, and follows the files of touchstone.yml, until it is interrupted. */
export async function serveCommand(options: ServeOptions, context: CliContext): Promise<ExitCode> {
  const status = new StatusLine(context.stderr, options.verbose === true);
  const engine = await context.openEngine(workspaceFolder(context.cwd, options.workspace), (entry) => status.log(entry));
  try {
    const before = (await engine.request('sources/get', {})).counts;
    const receiver = await engine.request('sources/receiver', { on: true, http: options.port, grpc: options.grpc ? options.grpcPort : null });
    await new Service(engine, options, context, status, before).run(receiver);
    return EXIT.good;
  } finally {
    await engine.dispose();
  }
}

class Service {
  readonly #engine: EngineClient;
  readonly #options: ServeOptions;
  readonly #context: CliContext;
  readonly #status: StatusLine;
  readonly #before: SourcesState['counts'];
  #told = '';
  #isAsking = false;
  #last: SourcesState['counts'];

  constructor(engine: EngineClient, options: ServeOptions, context: CliContext, status: StatusLine, before: SourcesState['counts']) {
    this.#engine = engine;
    this.#options = options;
    this.#context = context;
    this.#status = status;
    this.#before = before;
    this.#last = before;
  }

  /** @throws TouchstoneError 'usage' when it cannot receive at all */
  async run(receiver: ReceiverStatus): Promise<void> {
    const interrupted = new Promise<void>((resolve) => {
      const off = this.#context.onInterrupt(() => {
        off();
        resolve();
      });
    });
    await this.#tell(receiver);
    const off = this.#engine.on('sources/changed', () => void this.#look());
    const timer = setInterval(() => void this.#look(), LOOK_MS);
    try {
      await interrupted;
    } finally {
      clearInterval(timer);
      off();
      this.#status.clear();
    }
    const { counts } = await this.#engine.request('sources/get', {});
    const received = this.#since(counts);
    if (this.#options.json === true) await this.#context.stdout.write(`${JSON.stringify({ received })}\n`);
    else this.#status.print(`Received ${countsText(received)}.`);
  }

  async #look(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const { receiver, counts, tails } = await this.#engine.request('sources/get', {});
      await this.#tell(receiver);
      this.#last = counts;
      const files = tails.reduce((sum, tail) => sum + tail.files.length, 0);
      const problems = tails.flatMap((tail) => [tail.problem, ...tail.files.map((file) => file.problem)]).filter((problem) => problem !== null).length;
      const parts = [countsText(this.#since(this.#last)), files === 0 ? '' : `follows ${formatCount(files, 'file')}`, problems === 0 ? '' : `${formatCount(problems, 'problem')} with files`];
      this.#status.setLive(fit(parts.filter((part) => part !== '').join(' · '), this.#context.stderr.columns - 1));
    } catch (error) {
      // The next look asks again; what is lasting is in the log.
      this.#status.log({ level: 'debug', message: String(error) });
    } finally {
      this.#isAsking = false;
    }
  }

  #since(counts: SourcesState['counts']): Pick<SourcesState['counts'], 'spans' | 'logs' | 'metrics' | 'rejected'> {
    const since = (key: 'spans' | 'logs' | 'metrics' | 'rejected'): number => Math.max(0, counts[key] - this.#before[key]);
    return { spans: since('spans'), logs: since('logs'), metrics: since('metrics'), rejected: since('rejected') };
  }

  /** Once for every state: a window that ends hands the ports over. */
  async #tell(receiver: ReceiverStatus): Promise<void> {
    const said = JSON.stringify(receiver);
    if (said === this.#told) return;
    const isFirst = this.#told === '';
    this.#told = said;
    if (receiver.state === 'failed') {
      const message = `Traces cannot be received: ${receiver.reason}`;
      if (isFirst) throw new TouchstoneError('usage', message);
      // The files are followed all the same.
      this.#status.log({ level: 'error', message });
    }
    if (receiver.state !== 'on' && receiver.state !== 'elsewhere') return;
    if (this.#options.json === true) {
      const environment = receiverEnvironment(receiver);
      await this.#context.stdout.write(`${JSON.stringify({ receiver, endpoint: `http://127.0.0.1:${receiver.http}`, environment })}\n`);
      return;
    }
    this.#status.clear();
    await this.#context.stdout.write(`${this.#linesOf(receiver).join('\n')}\n`);
  }

  #linesOf(receiver: ReceiverStatus & { readonly state: 'on' | 'elsewhere' }): string[] {
    const { stdout } = this.#context;
    const variables = Object.entries(receiverEnvironment(receiver)).filter(([name]) => !name.startsWith('TOUCHSTONE_'));
    const lines = [
      receiver.state === 'on'
        ? `${paint(stdout, 'green', 'Receiving')} OpenTelemetry on http://127.0.0.1:${receiver.http}${receiver.grpc === null ? '' : ` (HTTP) and 127.0.0.1:${receiver.grpc} (gRPC)`}`
        : `${paint(stdout, 'yellow', 'Waiting')}: ${printable(receiver.owner)} receives for this workspace on http://127.0.0.1:${receiver.http}. This command takes over when it ends.`,
    ];
    if (receiver.state === 'on') {
      if (receiver.requestedHttp !== 0 && receiver.http !== receiver.requestedHttp) lines.push(`Port ${receiver.requestedHttp} is taken by another program.`);
      if (receiver.grpc !== null && receiver.requestedGrpc !== 0 && receiver.grpc !== receiver.requestedGrpc) lines.push(`Port ${receiver.requestedGrpc} is taken by another program.`);
    }
    lines.push('', 'In the terminal of your program:', ...variables.map(([name, value]) => (process.platform === 'win32' ? `  set ${name}=${value}` : `  export ${name}=${value}`)), '', paint(stdout, 'dim', 'Ctrl+C ends.'));
    return lines;
  }
}

function countsText({ spans, logs, metrics, rejected }: Pick<SourcesState['counts'], 'spans' | 'logs' | 'metrics' | 'rejected'>): string {
  return [formatCount(spans, 'span'), logs === 0 ? '' : formatCount(logs, 'log record'), metrics === 0 ? '' : formatCount(metrics, 'metric point'), rejected === 0 ? '' : `${formatCount(rejected)} not taken`].filter((part) => part !== '').join(', ');
}
