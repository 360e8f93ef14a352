/** Loaded on demand as one module: a bundled CommonJS package that is imported dynamically loses its named exports. */
export { parse as parseYaml } from 'yaml';
