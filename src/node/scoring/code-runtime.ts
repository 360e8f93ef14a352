import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeFile } from '../../core/assert/code.ts';
import { CheckError } from '../../core/assert/outcome.ts';
import { errorMessage } from '../../core/errors.ts';
import { isObject } from '../../core/json.ts';

type UserFunction = (...args: readonly unknown[]) => unknown;
type FunctionMaker = new (...parts: string[]) => UserFunction;

/** The constructor of async functions, which has no global name. */
const AsyncFunction = (async () => undefined).constructor as FunctionMaker;

/** Inline code, compiled once for each text and folder. */
const compiled = new Map<string, UserFunction>();

/**
 * Runs a user's JavaScript: a file's function, an expression, or a function body with `return`. `names` are the names
 * under which inline code sees the arguments. This is no sandbox.
 */
export async function runCode(code: string, file: CodeFile | null, names: readonly string[], args: readonly unknown[], baseDir?: string): Promise<unknown> {
  if (file !== null) {
    if (file.language !== 'javascript') throw new CheckError(`${file.path} is not JavaScript.`);
    const exported = await loadExport(file, baseDir);
    return typeof exported === 'function' ? await (exported as UserFunction)(...args) : exported;
  }
  const run = compile(code, names, baseDir);
  return await run(...args, requireFrom(baseDir), process);
}

function compile(code: string, names: readonly string[], baseDir: string | undefined): UserFunction {
  const key = JSON.stringify([code, names, baseDir]);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const parameters = [...names, 'require', 'process'];
  const made = asExpression(code, parameters) ?? asBody(code, parameters);
  compiled.set(key, made);
  return made;
}

function asExpression(code: string, parameters: readonly string[]): UserFunction | null {
  try {
    // The line breaks end a comment; the semicolon that many write after an expression would not parse in brackets.
    return new AsyncFunction(...parameters, `return (\n${code.trim().replace(/;+$/u, '')}\n);`);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function asBody(code: string, parameters: readonly string[]): UserFunction {
  try {
    return new AsyncFunction(...parameters, code);
  } catch (error) {
    throw new CheckError(`The code does not parse: ${errorMessage(error)}.`);
  }
}

async function loadExport(file: CodeFile, baseDir: string | undefined): Promise<unknown> {
  if (baseDir === undefined && !path.isAbsolute(file.path)) throw new CheckError(`${file.path} is relative, and its folder is not known.`);
  const target = path.resolve(baseDir ?? '', file.path);
  let module: unknown;
  try {
    module = await import(pathToFileURL(target).href);
  } catch (error) {
    const typescript = /\.[cm]?ts$/iu.test(target) && process.features.typescript === false;
    throw new CheckError(typescript ? `${target} is TypeScript, which Node ${process.version} does not run; use JavaScript.` : `${target} cannot be loaded: ${errorMessage(error)}`);
  }
  const found = pick(module, file.export);
  if (found === undefined) throw new CheckError(`${target} has no ${file.export === undefined ? 'default export' : `export ${file.export}`}.`);
  return found;
}

/** An export by its name, or the default one; `module.exports = { default }` of compiled code too. */
function pick(module: unknown, name: string | undefined): unknown {
  const outer = member(module, name ?? 'default');
  if (name === undefined) return member(outer, 'default') ?? outer;
  return outer ?? member(member(module, 'default'), name);
}

function member(value: unknown, name: string): unknown {
  return isObject(value) || typeof value === 'function' ? (value as unknown as Record<string, unknown>)[name] : undefined;
}

function requireFrom(baseDir: string | undefined): NodeJS.Require {
  return createRequire(path.join(baseDir ?? process.cwd(), 'inline.js'));
}
