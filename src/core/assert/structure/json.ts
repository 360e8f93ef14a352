import { binary, quote, type Evaluate } from '../outcome.ts';
import { readSchema, schemaErrors } from './json-schema.ts';
import { jsonObjects } from './json-scan.ts';

/** The whole output is JSON of any kind; with a value, JSON that fits it as a schema. */
export const isJson: Evaluate = async ({ type, value }, { output }) => {
  let data: unknown;
  try {
    data = JSON.parse(output);
  } catch {
    return binary(false, `${quote(output)} is not JSON.`);
  }
  if (value === undefined || value === null) return binary(true, 'The output is JSON.');
  const errors = await schemaErrors(await readSchema(value, type), data);
  return binary(errors === null, errors === null ? 'The output is JSON that fits the schema.' : `The JSON does not fit the schema: ${errors}.`);
};

/** Some part of the output is a JSON object (a list or a number alone is not enough), with a value one that fits it. */
export const containsJson: Evaluate = async ({ type, value }, { output }) => {
  const schema = value === undefined || value === null ? undefined : await readSchema(value, type);
  let first: string | null = null;
  for (const data of jsonObjects(output)) {
    if (schema === undefined) return binary(true, 'The output contains a JSON object.');
    const errors = await schemaErrors(schema, data);
    if (errors === null) return binary(true, 'The output contains a JSON object that fits the schema.');
    first ??= errors;
  }
  return binary(false, first === null ? 'The output contains no JSON object.' : `No JSON object in the output fits the schema: ${first}.`);
};
