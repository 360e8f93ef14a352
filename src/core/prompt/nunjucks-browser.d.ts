/** nunjucks' browser bundle: the same API without file loaders, with the parts that a guarded rendering and a reading of templates need. */
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
    /** A node of a template's syntax tree (nunjucks/src/nodes.js); which members it has depends on its `typename`. */
    interface ParsedNode {
      readonly typename: string;
      readonly value?: unknown;
      readonly children?: readonly ParsedNode[];
      readonly body?: ParsedNode;
      readonly else_?: ParsedNode | null;
      readonly target?: ParsedNode;
      readonly val?: ParsedNode;
    }
    const parser: { parse(source: string, extensions: readonly never[], options: Record<string, never>): ParsedNode };
  }
  export default nunjucks;
}
