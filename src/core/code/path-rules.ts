/** A rule of touchstone.yml: paths that begin with `from`, where the program ran, are paths below `to`, in the workspace. */
export interface PathRule {
  readonly from: string;
  readonly to: string;
}

/** Where programs lie in containers and functions of clouds: what follows is a path of the repository, or of a part of it. */
const CONTAINER_ROOTS = ['/app/', '/workspace/', '/workspaces/', '/var/task/', '/usr/src/app/', '/srv/', '/code/', '/opt/app/', '/home/site/wwwroot/', '/layers/'];

/** The path of a program's file by the first rule that fits, else without the root of a container; with forward slashes. */
export function mapPath(file: string, rules: readonly PathRule[]): string {
  const path = file.trim().replace(/^file:\/\//, '').replaceAll('\\', '/');
  for (const { from, to } of rules) {
    const start = from.replaceAll('\\', '/').replace(/\/?$/, '/');
    if (path.startsWith(start)) return `${to.replace(/\/$/, '')}/${path.slice(start.length)}`;
  }
  const root = CONTAINER_ROOTS.find((one) => path.startsWith(one));
  return root === undefined ? path : path.slice(root.length);
}
