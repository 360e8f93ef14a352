import { useCompileCache } from '../engine/compile-cache.ts';

// First of all, and nothing else is imported here: the cache serves what is loaded after it is on. Unbuilt sources change too often.
if (!import.meta.url.endsWith('.ts')) useCompileCache(process.env);
await import('./command-line.ts');
