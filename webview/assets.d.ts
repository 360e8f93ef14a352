/** A Codicon's source text: `import x from '…svg' with { type: 'text' }`. */
declare module '*.svg' {
  const text: string;
  export default text;
}
declare module '*.css';
