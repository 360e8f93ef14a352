import { TouchstoneError, errorMessage } from '../core/errors.ts';

/**
 * promptfoo's derivedMetrics: arithmetic over the sums of score × weight of each named metric; `__count` is the number of cells,
 * and a metric may use those derived before it. Evaluated by mathjs without functions that reach outside of arithmetic.
 * @throws TouchstoneError 'invalid-prompt' that names the metric
 */
export async function deriveMetrics(metrics: readonly { readonly name: string; readonly value: string }[], sums: Readonly<Record<string, number>>, count: number): Promise<Record<string, number>> {
  // Only configs that ask for it pay for loading it.
  const mathjs = await import('mathjs/number');
  const math = mathjs.create({
    ...mathjs.evaluateDependencies,
    ...mathjs.addDependencies,
    ...mathjs.subtractDependencies,
    ...mathjs.multiplyDependencies,
    ...mathjs.divideDependencies,
    ...mathjs.powDependencies,
    ...mathjs.unaryMinusDependencies,
    ...mathjs.sqrtDependencies,
    ...mathjs.absDependencies,
    ...mathjs.minDependencies,
    ...mathjs.maxDependencies,
    ...mathjs.roundDependencies,
    ...mathjs.meanDependencies,
  });
  const scope = new Map<string, unknown>([...Object.entries(sums), ['__count', count]]);
  const derived: Record<string, number> = {};
  for (const { name, value } of metrics) {
    try {
      const result: unknown = math.evaluate(value, scope);
      if (typeof result !== 'number') throw new Error(`it gives ${typeof result}, not a number`);
      derived[name] = result;
      scope.set(name, result);
    } catch (error) {
      throw new TouchstoneError('invalid-prompt', `The derived metric ${name} (${value}) cannot be computed: ${errorMessage(error)}`, { cause: error });
    }
  }
  return derived;
}
