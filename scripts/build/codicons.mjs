import { readFileSync } from 'node:fs';

/**
 * Takes only what is drawn of a Codicon, and no digits that nobody can see: they are half of what the icons weigh in a panel. A
 * twentieth of a pixel at most is rounded away; of paths that are told in steps from point to point, where errors would add up, a
 * hundredth of that.
 * @type {import('esbuild').Plugin}
 */
export const slimCodicons = {
  name: 'slim-codicons',
  setup(build) {
    build.onLoad({ filter: /@vscode[\\/]codicons[\\/].*\.svg$/ }, ({ path }) => {
      const paths = [...readFileSync(path, 'utf8').matchAll(/<path\b[^>]*?\bd="([^"]+)"/g)].map(([, data = '']) => `<path d="${shorter(data)}"/>`);
      return { contents: paths.join(''), loader: 'text' };
    });
  },
};

/** @param {string} data */
function shorter(data) {
  const scale = /[a-y]/.test(data) ? 1000 : 10;
  return data.replace(/\d*\.\d+/g, (number) => String(Math.round(Number(number) * scale) / scale).replace(/^0\./, '.'));
}
