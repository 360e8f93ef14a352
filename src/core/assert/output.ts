import type { ScoreContext } from './model.ts';

/** The output as code sees it: data where the model answered with data, else the text. */
export function outputValue(context: ScoreContext): unknown {
  return context.data === undefined ? context.output : context.data;
}

/** The context with another output: a text as it is, anything else as data with its JSON as the text. */
export function withOutput(context: ScoreContext, output: unknown): ScoreContext {
  return typeof output === 'string'
    ? { ...context, output, data: undefined }
    : { ...context, output: JSON.stringify(output) ?? '', data: output };
}
