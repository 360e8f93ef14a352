import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps V8's compiled code of the bundles in the user's own cache folder, which halves the start-up. (Node's default is a folder that
 * all users of the machine share.) Node looks after changed files, and goes on without where the folder cannot be written.
 */
export function useCompileCache(env: NodeJS.ProcessEnv): void {
  const base =
    process.platform === 'darwin' ? join(homedir(), 'Library/Caches') : process.platform === 'win32' ? env['LOCALAPPDATA'] || join(homedir(), 'AppData/Local') : env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  enableCompileCache(env['NODE_COMPILE_CACHE'] || join(base, 'touchstone', 'compiled'));
}
