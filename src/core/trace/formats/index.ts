import { attributeBag } from './attribute-bag.ts';
import { claudeSession } from './claude-session.ts';
import { codexSession } from './codex-session.ts';
import type { TraceFormat } from './format.ts';
import { genkit } from './genkit.ts';
import { jaeger } from './jaeger.ts';
import { langfuse } from './langfuse.ts';
import { langsmith } from './langsmith.ts';
import { openaiAgents } from './openai-agents.ts';
import { bareOtlpSpan, otlp } from './otlp.ts';
import { jsSdk, phoenix, pythonConsole } from './sdk-dumps.ts';
import { sweAgent } from './swe-agent.ts';
import { tauBench } from './tau-bench.ts';
import { weave } from './weave.ts';
import { whoWhen } from './whowhen.ts';

/** The first whose sniff says yes reads a document. Shapes that are told by one unmistakable member come first. */
export const FORMATS: readonly TraceFormat[] = [
  otlp, bareOtlpSpan, jaeger, genkit, pythonConsole, phoenix, jsSdk, openaiAgents, weave, langsmith, langfuse,
  sweAgent, tauBench, whoWhen, claudeSession, codexSession, attributeBag,
];
