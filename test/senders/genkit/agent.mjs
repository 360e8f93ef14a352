/** Genkit: its telemetry, sent to the receiver in place of its own telemetry server (GENKIT_ENV=dev, GENKIT_TELEMETRY_SERVER). */
import { openAICompatible } from '@genkit-ai/compat-oai';
import { genkit, z } from 'genkit';
import { flushTracing } from 'genkit/tracing';
import { MODEL, MODEL_URL, QUESTION, SYSTEM, TOOLS } from '../task.mjs';

const schemas = { get_weather: z.object({ city: z.string() }), convert_temperature: z.object({ celsius: z.number() }) };
const ai = genkit({ plugins: [openAICompatible({ name: 'openai', apiKey: 'none', baseURL: MODEL_URL })] });
const tools = Object.entries(TOOLS).map(([name, { description, run }]) => ai.defineTool({ name, description, inputSchema: schemas[name] }, async (args) => run(args)));
const weather = ai.defineFlow({ name: 'weather', inputSchema: z.string(), outputSchema: z.string() }, async (question) => {
  const { text } = await ai.generate({ model: `openai/${MODEL}`, system: SYSTEM, prompt: question, tools, config: { temperature: 0.2 } });
  return text;
});
await weather(QUESTION);
await flushTracing();
// In development each span is posted by itself, and nothing tells when its answer is there.
await new Promise((resolve) => setTimeout(resolve, 500));
process.exit(0);
