import { readFileSync } from 'node:fs';
import { optimize } from 'svgo';

/**
 * Takes only what is drawn of a Codicon, and no digits that nobody can see: they are most of what the icons weigh in a panel. svgo makes
 * up, in each step of a path, for what it has rounded before; with one digit it would lose corners.
 * @type {import('esbuild').Plugin}
 */
export const slimCodicons = {
  name: 'slim-codicons',
  setup(build) {
    build.onLoad({ filter: /@vscode[\\/]codicons[\\/].*\.svg$/ }, ({ path }) => {
      const { data } = optimize(readFileSync(path, 'utf8'), { path, multipass: true, floatPrecision: 2 });
      const paths = [...data.matchAll(/<path\b[^>]*?\bd="([^"]+)"/g)].map(([, drawn]) => `<path d="${drawn}"/>`);
      if (paths.length === 0) throw new Error(`nothing of ${path} can be drawn`);
      return { contents: paths.join(''), loader: 'text' };
    });
  },
};
