/** nunjucks' browser bundle: the same API without file loaders, with the parts that a guarded rendering needs. */
declare module 'nunjucks/browser/nunjucks.js' {
  import type { Environment as BaseEnvironment, Template as BaseTemplate, runtime as baseRuntime } from 'nunjucks';

  namespace nunjucks {
    class Environment extends BaseEnvironment {
      constructor(loader: null, options: { autoescape: boolean; throwOnUndefined: boolean });
      readonly globals: Record<string, unknown>;
      readonly filters: Record<string, unknown>;
      readonly tests: Record<string, unknown>;
    }
    class Template extends BaseTemplate {}
    const runtime: typeof baseRuntime & Record<string, unknown>;
  }
  export default nunjucks;
}
