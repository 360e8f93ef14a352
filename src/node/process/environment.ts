/** What the editor and the engine set for their own processes. With ELECTRON_RUN_AS_NODE every Electron program starts as plain Node. */
const OWN = /^(?:ELECTRON_|VSCODE_|TOUCHSTONE_|NODE_OPTIONS$|NODE_CHANNEL_|CHROME_DESKTOP$)/;

/**
 * The environment of a command that the engine runs: the user's own, as in a terminal, without what belongs to the editor.
 * Keys of the editor's secret store are never in it; `given` adds those that the settings name.
 */
export function commandEnvironment(given: Readonly<Record<string, string>> = {}, base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(base)) if (!OWN.test(name)) environment[name] = value;
  return { ...environment, ...given };
}
