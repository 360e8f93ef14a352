import type { Dialect } from '../dialect.ts';
import { adk } from './adk.ts';
import { agentOps } from './agentops.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import { copilot } from './copilot.ts';
import { genkit } from './genkit.ts';
import { langfuse } from './langfuse.ts';
import { langsmith } from './langsmith.ts';
import { logfire } from './logfire.ts';
import { memory } from './memory.ts';
import { mlflow } from './mlflow.ts';
import { openaiAgents } from './openai-agents.ts';
import { openInference } from './openinference.ts';
import { openLlmetry } from './openllmetry.ts';
import { semconv } from './semconv.ts';
import { vectorStores } from './vector-stores.ts';
import { vercel } from './vercel.ts';

/**
 * In the order of their authority over one span: what a vendor says in its own name, then what a framework says,
 * then the conventions that all share. A span usually speaks two or three of them.
 */
export const DIALECTS: readonly Dialect[] = [langfuse, claudeCode, codex, copilot, genkit, vercel, langsmith, adk, openaiAgents, openInference, logfire, mlflow, openLlmetry, agentOps, semconv, memory, vectorStores];
