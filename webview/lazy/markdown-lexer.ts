/** A bundle of its own, loaded when the first Markdown is shown: it is a quarter of what a panel may weigh. */
export { lexer } from 'marked';
