import { isObject, type JsonObject } from '../../json.ts';
import type { ToolDefinition } from '../model.ts';
import { parsed } from './json-text.ts';
import { textOf } from './span-view.ts';

/** The tools that a model was offered, in any provider's shape; `null` when there are none. What names no tool is left out. */
export function toolsOf(value: unknown): ToolDefinition[] | null {
  const tools = collect(parsed(value));
  return tools.length === 0 ? null : tools;
}

function collect(value: unknown): ToolDefinition[] {
  if (Array.isArray(value)) return value.flatMap((item) => collect(parsed(item)));
  if (!isObject(value)) return [];
  // Gemini groups its functions, pydantic-ai and Bedrock wrap the list
  const group = value['function_declarations'] ?? value['functionDeclarations'] ?? value['function_tools'] ?? value['tools'];
  if (Array.isArray(group)) return [...collect(group), ...collect(value['output_tools'] ?? [])];
  const tool = [value['function'], value['toolSpec'], value['tool'], value['custom'], value['kwargs']].find(isObject) ?? value;
  const wrapped = parsed(value['json_schema'] ?? (isObject(value['tool']) ? value['tool']['json_schema'] : undefined));
  if (isObject(wrapped) && (isObject(wrapped['function']) || typeof wrapped['name'] === 'string')) return collect(wrapped);
  const name = textOf(tool['name']) ?? (value['type'] === 'function' ? null : textOf(tool['type']));
  return name === null ? [] : [definition(name, tool)];
}

function definition(name: string, tool: JsonObject): ToolDefinition {
  const description = textOf(tool['description']);
  const schema = parsed(tool['parameters'] ?? tool['input_schema'] ?? tool['inputSchema'] ?? tool['parameters_json_schema'] ?? tool['parametersJsonSchema'] ?? tool['args_schema']);
  const parameters = isObject(schema) && isObject(schema['json']) ? schema['json'] : isObject(schema) && isObject(schema['jsonSchema']) ? schema['jsonSchema'] : schema;
  return { name, ...(description === null ? {} : { description }), ...(parameters === undefined || parameters === null ? {} : { parameters }) };
}
