/** Loaded on demand as one module, as ajv.ts is. */
export { SaxesParser } from 'saxes';
