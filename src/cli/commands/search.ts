import { ALIKE } from '../../core/registry/search.ts';
import { formatPercent, formatScore } from '../../core/text/format.ts';
import type { RegistrySearchHit } from '../../protocol/registry.ts';
import type { CliContext, CommonOptions } from '../context.ts';
import { EXIT, type ExitCode, usageError } from '../exit.ts';
import { relativeTo } from '../paths.ts';
import { table, type Column } from '../table.ts';
import { fit, printable } from '../terminal.ts';
import { withEngine } from '../with-engine.ts';

export interface SearchOptions extends CommonOptions {
  readonly tag?: readonly string[];
  readonly model?: string;
  readonly owner?: string;
  readonly minPassRate?: number;
  readonly similar?: string;
  readonly limit: number;
  readonly json?: boolean;
}

const COLUMNS: readonly Column[] = [{ title: 'Prompt' }, { title: 'Version' }, { title: 'Fits', right: true, dropAt: 5 }, { title: 'Pass rate', right: true, dropAt: 2 }, { title: 'Models', dropAt: 3 }, { title: 'Owner', dropAt: 4 }, { title: 'Text', dropAt: 1, least: 24 }];
/** How alike meanings are is what was asked for: a narrow terminal shows it too. */
const COLUMNS_BY_MEANING: readonly Column[] = COLUMNS.map((column) => (column.title === 'Fits' ? { title: 'Alike', right: true } : column));
const TEXT_COLUMNS = 60;

export function searchCommand(words: readonly string[], options: SearchOptions, context: CliContext): Promise<ExitCode> {
  const { tag, model, owner, minPassRate, similar, limit } = options;
  const text = words.join(' ').trim();
  if (text === '' && [tag, model, owner, minPassRate, similar].every((one) => one === undefined)) throw usageError('What is searched for? Words, or --similar, --tag, --model, --owner, --min-pass-rate.');
  return withEngine(options, context, async (engine) => {
    const { hits: found } = await engine.request('registry/search', {
      limit,
      ...(text === '' ? {} : { text }),
      ...(similar === undefined ? {} : { similar }),
      ...(tag === undefined ? {} : { tags: tag }),
      ...(model === undefined ? {} : { model }),
      ...(owner === undefined ? {} : { owner }),
      ...(minPassRate === undefined ? {} : { minPassRate }),
    });
    const hits = similar === undefined ? found : found.filter(({ similarity }) => similarity >= ALIKE);
    if (options.json === true) await context.stdout.write(`${JSON.stringify({ hits }, null, 1)}\n`);
    else if (hits.length === 0) await context.stderr.write(`No prompt and no version is found by this.${nearest(found)}\n`);
    else {
      const rows = hits.map((hit) => [
        printable(hit.path === null ? hit.promptId : `${relativeTo(context.cwd, hit.path)}${labelWithin(hit.promptId)}`),
        hit.version?.label ?? 'working copy',
        formatScore(hit.similarity),
        hit.passRate === null ? '' : formatPercent(hit.passRate),
        printable(hit.models.join(', ')),
        printable((hit.owner ?? '').replace(/ <.*>$/, '')),
        fit(printable(hit.excerpt), TEXT_COLUMNS),
      ]);
      await context.stdout.write(table(similar === undefined ? COLUMNS : COLUMNS_BY_MEANING, rows, context.stdout));
    }
    return EXIT.good;
  });
}

/** What by its meaning comes nearest, and is not near. */
function nearest([hit]: readonly RegistrySearchHit[]): string {
  return hit === undefined ? '' : ` The nearest by its meaning is ${printable(hit.name)} (${formatScore(hit.similarity)} of 1).`;
}

/** `#short`: which of a file's prompts; nothing where it is the only one. */
function labelWithin(promptId: string): string {
  const at = promptId.indexOf('#');
  return at < 0 ? '' : promptId.slice(at);
}
