/**
 * How the processes of tests are started. Their threads read TypeScript, which Node strips of its types by WebAssembly. V8 may free what it has
 * compiled of the way from there to JavaScript twice when threads come and go, and ends the process: "Check failed: jit_page.has_value()" in
 * Runtime_TierUpWasmToJSWrapper (like nodejs/node#64500). With so high a budget it compiles no second time. The product's bundles need none of this.
 */
export const V8_FLAGS: string[] = ['--wasm-wrapper-tiering-budget=1000000000'];
