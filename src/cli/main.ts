import { useCompileCache } from './compile-cache.ts';

// First of all, and nothing else is imported here: the cache serves what is loaded after it is on.
useCompileCache(process.env);
await import('./command-line.ts');
