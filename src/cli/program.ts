import { Command, CommanderError, Option } from 'commander';
import type { CacheOptions } from './commands/cache.ts';
import type { CompareOptions } from './commands/compare.ts';
import type { EvalOptions } from './commands/eval.ts';
import type { GoldenOptions } from './commands/golden.ts';
import type { ImportOptions } from './commands/import.ts';
import type { ModelsOptions } from './commands/models.ts';
import type { MoveOptions } from './commands/promote.ts';
import type { OpenOptions } from './commands/open.ts';
import type { ReplayOptions } from './commands/replay.ts';
import type { RunsOptions } from './commands/runs.ts';
import type { SaveOptions } from './commands/save.ts';
import type { SearchOptions } from './commands/search.ts';
import type { ServeOptions } from './commands/serve.ts';
import type { ShowOptions } from './commands/show.ts';
import type { SourcesOptions } from './commands/sources.ts';
import type { TraceOptions } from './commands/trace.ts';
import type { TracesOptions } from './commands/traces.ts';
import type { VersionsOptions } from './commands/versions.ts';
import type { CliContext } from './context.ts';
import { assignment, collect, dollars, margin, port, positiveInteger, rate } from './options.ts';
import { errorLine, EXIT, exitCodeOf } from './exit.ts';

/** Runs one command line and says how the process should exit. Commands are loaded when they are called, not before. */
export async function runCommandLine(args: readonly string[], context: CliContext): Promise<number> {
  let exitCode: number = EXIT.good;
  const program = buildProgram(context, (code) => {
    exitCode = code;
  });
  try {
    if (args.length === 0) {
      await context.stderr.write(program.helpInformation());
      return EXIT.notEvaluated;
    }
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has said what is wrong, or has printed the help or the version that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.notEvaluated;
    await context.stderr.write(`${errorLine(error, context.cwd)}\n`);
    return exitCodeOf(error);
  }
}

function buildProgram(context: CliContext, exitWith: (code: number) => void): Command {
  const program = new Command('touchstone');
  program
    .description('Evaluates prompts against golden datasets, and keeps the traces of what runs.')
    .version(context.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print this help, or that of a command')
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: Math.min(context.stdout.columns, 110) })
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', '\nExit codes: 0 good · 1 failures below the threshold, or worse · 2 wrong usage or configuration · 3 cannot be told · 130 cancelled\n`touchstone COMMAND --help` explains a command with examples.');

  withCommonOptions(program);
  // What every command takes may stand before its name, as Git's -C does.
  program.hook('preAction', (_, called) => {
    for (const [name, value] of Object.entries(program.opts())) {
      if (called.getOptionValue(name) === undefined) called.setOptionValueWithSource(name, value, 'cli');
    }
  });

  const command = (usage: string, description: string, examples: string): Command =>
    withCommonOptions(program.command(usage).description(description))
      .addHelpText('after', `\nExamples:\n${examples.trim().split('\n').map((line) => `  ${line.trim()}`).join('\n')}`);

  command('eval', 'Evaluate prompts against their golden datasets.', `
      touchstone eval                                       every prompt of this folder
      touchstone eval prompts/support/triage.prompt.yml     one prompt
      touchstone eval triage.prompt.yml --model openai/gpt-5-mini --repeat 3 --budget 0.50
      touchstone eval prompts --tag spanish --threshold 90% --output report.xml --output report.html
      touchstone eval --resume 3f9a1c                       what a cancelled run still lacks
      touchstone eval triage.prompt.yml --json | jq .summary.passRate`)
    .argument('[targets...]', 'prompt files, promptfoo configs or folders; default: the current folder')
    .option('-m, --model <id>', 'a model instead of those in the file; may be repeated', collect)
    .option('-d, --dataset <file>', 'a dataset instead of the one in the file')
    .option('-r, --repeat <n>', 'outputs per case and model', positiveInteger)
    .option('-j, --concurrency <n>', 'requests under way at once', positiveInteger)
    .option('-f, --filter <text>', 'only cases with this text in their id, description or variables')
    .option('-t, --tag <tag>', 'only cases with this tag; may be repeated, any of them counts', collect)
    .option('--no-cache', 'ask the models again, also for what is known')
    .option('--budget <usd>', 'stop before a request that could make the run cost more', dollars)
    .option('--resume <run>', 'finish a run that was cancelled or interrupted')
    .option('--threshold <rate>', 'the pass rate that is enough, such as 0.9 or 90%; default: every cell must pass', rate)
    .option('--allow-errors', 'do not fail because of cells without an answer')
    .option('-o, --output <file>', 'write a report: .json, .xml (JUnit), .html or .csv; may be repeated', collect)
    .option('--json', 'print one JSON document to standard output and nothing else')
    .addOption(new Option('-w, --watch', 'evaluate again whenever the prompt, its dataset or a file that they use changes').conflicts(['json', 'resume']))
    .action(async (targets: string[], options: EvalOptions) => {
      exitWith(await (await import('./commands/eval.ts')).evalCommand(targets, options, context));
    });

  command('runs', 'List the runs of this workspace, newest first.', `
      touchstone runs
      touchstone runs --limit 5 --json`)
    .option('-n, --limit <n>', 'how many', positiveInteger, 20)
    .option('--json', 'print one JSON document')
    .action(async (options: RunsOptions) => {
      exitWith(await (await import('./commands/runs.ts')).runsCommand(options, context));
    });

  command('show', 'Show a run, or one case of it with everything that is known.', `
      touchstone show latest
      touchstone show 3f9a1c refund-late
      touchstone show latest --json > run.json`)
    .argument('<run>', "a run's id or the beginning of one, or `latest`")
    .argument('[case]', "a case's id")
    .option('--json', 'print one JSON document, the same as of eval')
    .action(async (run: string, caseId: string | undefined, options: ShowOptions) => {
      exitWith(await (await import('./commands/show.ts')).showCommand(run, caseId, options, context));
    });

  command('versions', 'List the versions of a prompt: what each scored, and which environments point to it.', `
      touchstone versions                                   all prompts
      touchstone versions prompts/support/triage
      touchstone versions triage --git                      also those in the Git history, which nobody saved
      touchstone versions triage --json | jq -r .versions[0].hash`)
    .argument('[prompt]', 'a prompt file or the id of a prompt; FILE#NAME for one of several in a file')
    .option('--git', 'also versions in the Git history of the file')
    .option('--json', 'print one JSON document')
    .action(async (prompt: string | undefined, options: VersionsOptions) => {
      exitWith(await (await import('./commands/versions.ts')).versionsCommand(prompt, options, context));
    });

  command('save', 'Save a version of a prompt: an immutable snapshot in .touchstone/registry, to be committed.', `
      touchstone save prompts/support/triage.prompt.yml -m "Ask for one label only"
      touchstone save triage -m "Shorter" --tag reviewed --use-case "first answer of the help desk"`)
    .argument('<prompt>', 'a prompt file or the id of a prompt')
    .requiredOption('-m, --message <text>', 'what changed, and why')
    .option('-t, --tag <tag>', 'by which it is found; may be repeated; added also to a version that is there', collect)
    .option('--use-case <text>', 'what the prompt is for')
    .option('--json', 'print one JSON document')
    .action(async (prompt: string, options: SaveOptions) => {
      exitWith(await (await import('./commands/save.ts')).saveCommand(prompt, options, context));
    });

  command('promote', 'Point an environment to a saved version of a prompt.', `
      touchstone promote triage v7 production
      touchstone promote triage staging production --note "approved in the review of 12 May"
      touchstone promote triage 3f9a1c2e production         decides between branches that moved it apart`)
    .argument('<prompt>', 'a prompt file or the id of a prompt')
    .argument('<version>', 'v7, the first digits of its hash, or an environment')
    .argument('<environment>', 'one of `environments:` in touchstone.yml; by default development, staging and production')
    .option('--note <text>', 'why')
    .option('--json', 'print one JSON document')
    .action(async (prompt: string, version: string, environment: string, options: MoveOptions) => {
      exitWith(await (await import('./commands/promote.ts')).promoteCommand(prompt, version, environment, options, context));
    });

  command('rollback', 'Point an environment to the version that it had before; again, further back.', `
      touchstone rollback triage production
      touchstone rollback triage production --note "more wrong labels since noon"`)
    .argument('<prompt>', 'a prompt file or the id of a prompt')
    .argument('<environment>', 'whose pointer goes back')
    .option('--note <text>', 'why')
    .option('--json', 'print one JSON document')
    .action(async (prompt: string, environment: string, options: MoveOptions) => {
      exitWith(await (await import('./commands/promote.ts')).rollbackCommand(prompt, environment, options, context));
    });

  command('undo', 'Take back the last movement of an environment: a promotion, a rollback, or what took one back.', `
      touchstone undo triage production`)
    .argument('<prompt>', 'a prompt file or the id of a prompt')
    .argument('<environment>', 'whose pointer goes where it was before')
    .option('--json', 'print one JSON document')
    .action(async (prompt: string, environment: string, options: Omit<MoveOptions, 'note'>) => {
      exitWith(await (await import('./commands/promote.ts')).undoCommand(prompt, environment, options, context));
    });

  command('search', 'Search prompts and their versions, before writing a new one.', `
      touchstone search refund label
      touchstone search --similar "sort tickets by topic" --limit 5
      touchstone search --tag reviewed --model openai/gpt-5-mini --min-pass-rate 90%
      touchstone search --owner @support-team --json`)
    .argument('[text...]', 'words that all stand in its name, messages, save message or tags')
    .option('-s, --similar <text>', 'what it is about, in other words: by the embedded model, on this machine')
    .option('-t, --tag <tag>', 'with this tag; may be repeated, all count', collect)
    .option('-m, --model <id>', 'that asks this model')
    .option('--owner <name>', 'saved by this person, or whose file CODEOWNERS gives to them')
    .option('--min-pass-rate <rate>', 'whose last whole run passed at least so often, such as 90%', rate)
    .option('-n, --limit <n>', 'how many', positiveInteger, 20)
    .option('--json', 'print one JSON document')
    .action(async (text: string[], options: SearchOptions) => {
      exitWith(await (await import('./commands/search.ts')).searchCommand(text, options, context));
    });

  command('compare', 'Compare versions, models or runs with a baseline, and say whether the difference is real.', `
      touchstone compare triage@production triage.prompt.yml            the working copy against production
      touchstone compare triage.prompt.yml@v7 triage.prompt.yml@git:main~3 --repeat 3
      touchstone compare triage+openai/gpt-5 triage+openai/gpt-5-mini --metric cost --margin 0
      touchstone compare run:3f9a1c run:latest --slice language --json
      touchstone compare triage@production triage.prompt.yml --sequential --output comparison.md`)
    .argument('<baseline>', 'FILE, PROMPT@VERSION, PROMPT@ENVIRONMENT, PROMPT@git:REV or run:ID, each with an optional +MODEL')
    .argument('<sides...>', 'what is compared with it; p values of several are adjusted together')
    .option('-m, --model <id>', 'for sides that name none')
    .option('-d, --dataset <file>', 'a dataset instead of the one in the files')
    .option('-r, --repeat <n>', 'outputs per case and side, at least', positiveInteger)
    .option('-j, --concurrency <n>', 'requests under way at once', positiveInteger)
    .option('--margin <difference>', 'by how much B may be worse, in the unit of the metric: 0.05 or 5%', margin, 0.05)
    .option('--metric <name>', 'what the verdict is about: passRate, score, cost, latencyMs, tokens or a named one', 'passRate')
    .option('--slice <field>', 'slices by this field of the cases (metadata or variable), or by `tag`')
    .option('--sequential', 'ask case by case in random order, and stop as soon as the answer is clear')
    .option('--no-cache', 'ask the models again, also for what is known')
    .option('--budget <usd>', 'stop before a request that could make all sides together cost more', dollars)
    .option('-o, --output <file>', 'write a report: .md, .html or .json; may be repeated', collect)
    .option('--json', 'print one JSON document to standard output and nothing else')
    .addOption(new Option('--markdown', 'print Markdown for a pull request').conflicts('json'))
    .action(async (baseline: string, sides: string[], options: CompareOptions) => {
      exitWith(await (await import('./commands/compare.ts')).compareCommand([baseline, ...sides], options, context));
    });

  command('serve', 'Receive traces over OpenTelemetry, and follow the files of touchstone.yml, until Ctrl+C.', `
      touchstone serve
      touchstone serve --port 4400 --no-grpc
      touchstone serve --port 0 --json                      any free port, told as JSON`)
    .option('-p, --port <n>', 'for OTLP over HTTP; when it is taken, the next free one; 0: any', port, 4318)
    .option('--grpc-port <n>', 'for OTLP over gRPC', port, 4317)
    .option('--no-grpc', 'no port for gRPC of its own')
    .option('--json', 'print a line of JSON when it begins, whenever its ports change, and at the end')
    .action(async (options: ServeOptions) => {
      exitWith(await (await import('./commands/serve.ts')).serveCommand(options, context));
    });

  command('import', 'Read traces from files in any known format.', `
      touchstone import traces.jsonl export.json.gz
      touchstone import ~/.claude/projects/*/*.jsonl
      touchstone import run.traj --json | jq .files[0].traceIds`)
    .argument('<files...>', 'OTLP, Jaeger, Langfuse, LangSmith, Phoenix, Weave, sessions of Claude Code and Codex, …; plain, gzip or zstd')
    .option('--json', 'print one JSON document')
    .action(async (files: string[], options: ImportOptions) => {
      exitWith(await (await import('./commands/import.ts')).importCommand(files, options, context));
    });

  command('traces', 'List traces, newest first.', `
      touchstone traces
      touchstone traces status:error 'duration:>2s'
      touchstone traces 'refund model:gpt-5*' --sort cost --limit 5
      touchstone traces origin:eval --json`)
    .argument('[query...]', 'words and conditions that a trace fulfils (docs/trace-query.md); without it all but those of evals')
    .option('-n, --limit <n>', 'how many', positiveInteger, 20)
    .addOption(new Option('-s, --sort <by>', 'what comes first').choices(['time', 'duration', 'cost', 'tokens', 'errors']).default('time'))
    .option('--ascending', 'the smallest or oldest first')
    .option('--cursor <text>', 'where the page before ended')
    .option('--json', 'print one JSON document')
    .action(async (query: string[], options: TracesOptions) => {
      exitWith(await (await import('./commands/traces.ts')).tracesCommand(query, options, context));
    });

  command('trace', 'Show a trace: a tree, or everything that is known of it.', `
      touchstone trace latest
      touchstone trace 4a1b2c3d --json > trace.json
      touchstone trace 4a1b2c3d --otlp --output trace.otlp.json
      touchstone trace 4a1b2c3d --markdown | pbcopy`)
    .argument('<id>', "a trace's id or the beginning of one, or `latest`")
    .option('--tree', 'lines of text, what stands out first; the default')
    .option('--json', 'one JSON document: spans as Touchstone reads them, and findings')
    .option('--otlp', 'OTLP/JSON, as it came in and without a loss')
    .option('--markdown', 'the conversation, to paste')
    .option('--span <id>', 'only this span and what is below it')
    .option('-o, --output <file>', 'write it to a file instead; its ending says the form when no option does')
    .action(async (id: string, options: TraceOptions) => {
      exitWith(await (await import('./commands/trace.ts')).traceCommand(id, options, context));
    });

  command('golden', 'Make golden cases of recorded calls, and append them to the dataset of their prompt.', `
      touchstone golden 4a1b2c3d --span 7f2e11aa00c3d4e5 --expected billing
      touchstone golden --query 'service:fernhill-triage' --count 20 --dry-run`)
    .argument('[trace]', "a trace's id or the beginning of one, or `latest`")
    .option('--span <id>', 'which call of the trace, by its id or the beginning of one; default: the only one')
    .option('-q, --query <query>', 'instead of one trace: calls of all traces that this finds, chosen so that they differ')
    .option('-n, --count <n>', 'how many of them', positiveInteger, 10)
    .option('-p, --prompt <prompt>', 'a prompt file or the id of a prompt; default: the one that rendered the call')
    .option('--expected <text>', 'what the call should have answered; default: what it did')
    .option('--var <name=text>', 'a value that the call does not tell, or another one than it had; may be repeated', assignment)
    .option('--dry-run', 'only show what would be appended')
    .option('--json', 'print one JSON document')
    .action(async (trace: string | undefined, options: GoldenOptions) => {
      exitWith(await (await import('./commands/golden.ts')).goldenCommand(trace, options, context));
    });

  command('open', 'Open a trace from a link to its backend, or from an id: from the store, else from its source.', `
      touchstone open 'https://cloud.langfuse.com/project/p/traces/4a1b2c3d…'
      touchstone open 4a1b2c3d5e6f70819203a4b5c6d7e8f9
      touchstone open 'http://localhost:16686/trace/4a1b2c3d' --explain --json`)
    .argument('<link...>', 'a link, an id, a traceparent header, or a text with one of these in it')
    .option('--explain', 'say what the link is and what would be contacted; contacts nothing')
    .option('--refresh', 'ask its source again, also when the trace is here')
    .option('--json', 'print one JSON document: of the trace, or with --explain of the link')
    .action(async (words: string[], options: OpenOptions) => {
      exitWith(await (await import('./commands/open.ts')).openCommand(words, options, context));
    });

  command('sources', 'List the backends of touchstone.yml that can be asked for traces, test them, or list and sum up what they have.', `
      touchstone sources
      touchstone sources test production
      touchstone sources traces production status:error after:-1d --limit 50
      touchstone sources summary production after:-7d --by model`)
    .argument('[action]', '`test`: asks each for something small; `traces`: lists what one has; `summary`: has it add up')
    .argument('[name]', 'the source; without it `test` asks all')
    .argument('[query...]', 'words and conditions that a trace fulfils (docs/trace-query.md)')
    .option('-n, --limit <n>', 'traces: how many (default: 20, at most 500)', positiveInteger)
    .option('--cursor <text>', 'traces: where the page before ended')
    .addOption(new Option('--by <key>', 'summary: one row for each (default: day)').choices(['day', 'model', 'service']))
    .option('--json', 'print one JSON document')
    .action(async (action: string | undefined, name: string | undefined, query: string[], options: SourcesOptions) => {
      exitWith(await (await import('./commands/sources.ts')).sourcesCommand(action, name, query, options, context));
    });

  command('replay', 'Ask a recorded call again: as it was, or as a version of its prompt would ask it now.', `
      touchstone replay 4a1b2c3d --times 3
      touchstone replay 4a1b2c3d --span 7f2e11aa00c3d4e5 --prompt @working
      touchstone replay 4a1b2c3d --prompt prompts/support/triage.prompt.yml@v7 --model openai/gpt-5
      touchstone replay 4a1b2c3d --prompt @working --var plan=Team --var subject="Two charges"
      touchstone replay 4a1b2c3d --span 7f2e11aa00c3d4e5 --agent`)
    .argument('<trace>', "a trace's id or the beginning of one, or `latest`")
    .option('--span <id>', 'which call of the trace, by its id or the beginning of one; default: the only one')
    .option('-p, --prompt <prompt@version>', 'ask as this prompt, a file or an id, would, with the values of then; @VERSION alone: the prompt that rendered the call')
    .option('--var <name=text>', 'a value that the call does not tell, or another one than it had; may be repeated', assignment)
    .option('-m, --model <id>', 'another model')
    .option('-n, --times <n>', 'how often', positiveInteger, 1)
    .option('--agent', 'go on as an agent; tools answer what they answered then')
    .option('--max-steps <n>', 'calls of the model at most', positiveInteger, 20)
    .option('--budget <usd>', 'stop before a request that could make it cost more', dollars)
    .option('--json', 'print one JSON document')
    .action(async (trace: string, options: ReplayOptions) => {
      exitWith(await (await import('./commands/replay.ts')).replayCommand(trace, options, context));
    });

  command('models', 'List the models that can be used here and those of touchstone.yml, what they cost, and what they still need.', `
      touchstone models
      touchstone models --json`)
    .option('--json', 'print one JSON document')
    .action(async (options: ModelsOptions) => {
      exitWith(await (await import('./commands/models.ts')).modelsCommand(options, context));
    });

  command('cache', 'Forget stored answers of models: `touchstone cache clear`.', `
      touchstone cache clear`)
    .argument('<what>', '`clear`')
    .option('--json', 'print one JSON document')
    .action(async (what: string, options: CacheOptions) => {
      exitWith(await (await import('./commands/cache.ts')).cacheCommand(what, options, context));
    });

  // Who left out an argument sees in which order they stand.
  for (const one of program.commands) one.showHelpAfterError(`Usage: touchstone ${one.name()} ${one.usage()}\n\`touchstone ${one.name()} --help\` explains it with examples.`);
  return program;
}

function withCommonOptions(command: Command): Command {
  return command
    .option('-C, --workspace <folder>', 'the workspace folder; default: the nearest one above with touchstone.yml or .touchstone, else the Git checkout')
    .option('--verbose', 'log what is done, and show everything that is otherwise cut');
}
