/** Loaded on demand as one module: a bundled CommonJS package that is imported dynamically loses its named exports. */
export { HttpProxyAgent } from 'http-proxy-agent';
export { HttpsProxyAgent } from 'https-proxy-agent';
