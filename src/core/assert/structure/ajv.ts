/** Loaded on demand as one module: a bundled CommonJS package that is imported dynamically loses its named exports. */
export { Ajv } from 'ajv';
export { Ajv2019 } from 'ajv/dist/2019.js';
export { Ajv2020 } from 'ajv/dist/2020.js';
export { default as addFormats } from 'ajv-formats';
