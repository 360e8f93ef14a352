import type { ValidateFunction } from 'ajv';
import { errorMessage } from '../../errors.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { CheckError } from '../outcome.ts';

const DIALECTS = ['draft-07', '2019-09', '2020-12'] as const;
type Dialect = (typeof DIALECTS)[number];
interface Validator {
  compile(schema: JsonObject | boolean): ValidateFunction;
  removeSchema(): unknown;
}

const validators = new Map<Dialect, Promise<Validator>>();
const compiled = new Map<string, ValidateFunction>();
const MOST_COMPILED = 200;

/** What is wrong with `data` by the schema, in words; `null` when it fits. @throws CheckError when the schema is none */
export async function schemaErrors(schema: JsonObject | boolean, data: unknown): Promise<string | null> {
  const validate = await compile(schema);
  if (validate(data)) return null;
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath === '' ? 'it' : instancePath} ${message ?? 'does not fit'}`).join('; ');
}

/** A schema as it is written: data, or JSON or YAML text. */
export async function readSchema(value: unknown, type: string): Promise<JsonObject | boolean> {
  let schema = value;
  if (typeof value === 'string') {
    try {
      schema = (await import('../../text/parse-yaml.ts')).parseYaml(value);
    } catch (error) {
      throw new CheckError(`The schema of ${type} is neither JSON nor YAML: ${errorMessage(error)}`);
    }
  }
  if (isObject(schema) || typeof schema === 'boolean') return schema;
  throw new CheckError(`The schema of ${type} is not a mapping.`);
}

async function compile(schema: JsonObject | boolean): Promise<ValidateFunction> {
  const key = JSON.stringify(schema);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const { dialect, content } = dialectOf(schema);
  const validator = await validatorFor(dialect);
  let validate: ValidateFunction;
  try {
    validate = validator.compile(content);
  } catch (error) {
    throw new CheckError(`The JSON Schema cannot be used: ${errorMessage(error)}.`);
  } finally {
    // The validator would refuse another schema with the same $id; what was compiled works without it.
    validator.removeSchema();
  }
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  compiled.set(key, validate);
  return validate;
}

/** By `$schema`. A dialect that is not known here (draft-04, a vendor's own) is read as draft-07. */
function dialectOf(schema: JsonObject | boolean): { dialect: Dialect; content: JsonObject | boolean } {
  if (typeof schema === 'boolean') return { dialect: 'draft-07', content: schema };
  const { $schema, ...rest } = schema;
  const named = typeof $schema === 'string' ? $schema : '';
  const dialect = DIALECTS.find((one) => named.includes(one)) ?? 'draft-07';
  return { dialect, content: rest };
}

async function validatorFor(dialect: Dialect): Promise<Validator> {
  let validator = validators.get(dialect);
  if (validator === undefined) validators.set(dialect, (validator = createValidator(dialect)));
  return await validator;
}

async function createValidator(dialect: Dialect): Promise<Validator> {
  const { addFormats, Ajv, Ajv2019, Ajv2020 } = await import('./ajv.ts');
  // Not strict: schemas carry keywords of other tools.
  const options = { strict: false, allErrors: true, logger: false as const };
  if (dialect === '2020-12') return addFormats(new Ajv2020(options));
  if (dialect === '2019-09') return addFormats(new Ajv2019(options));
  return addFormats(new Ajv(options));
}
