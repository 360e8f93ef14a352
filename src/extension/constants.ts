/**
 * Every id that package.json's `contributes` and the code share. The one source of truth: a check compares package.json
 * with these tables, and code names ids only through them.
 */

export const EXTENSION_ID = 'touchstone.touchstone';

/** Commands that the palette offers (when their `enablement` allows). */
export const COMMANDS = {
  evalPrompt: 'touchstone.evalPrompt',
  evalAll: 'touchstone.evalAll',
  runOnce: 'touchstone.runOnce',
  openLastRun: 'touchstone.openLastRun',
  cancelRun: 'touchstone.cancelRun',
  resumeRun: 'touchstone.resumeRun',
  newPrompt: 'touchstone.newPrompt',
  newDataset: 'touchstone.newDataset',
  addCase: 'touchstone.addCase',
  setApiKey: 'touchstone.setApiKey',
  removeApiKey: 'touchstone.removeApiKey',
  clearCache: 'touchstone.clearCache',
  refresh: 'touchstone.refresh',
  openRun: 'touchstone.openRun',
  deleteRun: 'touchstone.deleteRun',
  renameRun: 'touchstone.renameRun',
  runAgain: 'touchstone.runAgain',
  exportRun: 'touchstone.exportRun',
  showLog: 'touchstone.showLog',
  restartEngine: 'touchstone.restartEngine',
  openWalkthrough: 'touchstone.openWalkthrough',
  openTrace: 'touchstone.openTrace',
  searchTraces: 'touchstone.searchTraces',
  clearTraceSearch: 'touchstone.clearTraceSearch',
  sortTraces: 'touchstone.sortTraces',
  groupTraces: 'touchstone.groupTraces',
  ungroupTraces: 'touchstone.ungroupTraces',
  compareTraces: 'touchstone.compareTraces',
  copyTraceId: 'touchstone.copyTraceId',
  exportTrace: 'touchstone.exportTrace',
  deleteTrace: 'touchstone.deleteTrace',
  deleteMatchingTraces: 'touchstone.deleteMatchingTraces',
  importTraces: 'touchstone.importTraces',
  turnReceiverOn: 'touchstone.turnReceiverOn',
  turnReceiverOff: 'touchstone.turnReceiverOff',
  copyReceiverEnvironment: 'touchstone.copyReceiverEnvironment',
  copyReceiverEndpoint: 'touchstone.copyReceiverEndpoint',
  tailFile: 'touchstone.tailFile',
  saveVersion: 'touchstone.saveVersion',
  pickVersion: 'touchstone.pickVersion',
  showVersions: 'touchstone.showVersions',
  compareVersions: 'touchstone.compareVersions',
  compareWithEnvironment: 'touchstone.compareWithEnvironment',
  compareWithVersion: 'touchstone.compareWithVersion',
  compareWithRevision: 'touchstone.compareWithRevision',
  compareModels: 'touchstone.compareModels',
  compareRuns: 'touchstone.compareRuns',
  promoteVersion: 'touchstone.promoteVersion',
  rollBack: 'touchstone.rollBack',
  showEnvironmentHistory: 'touchstone.showEnvironmentHistory',
  searchPrompts: 'touchstone.searchPrompts',
  newPromptFrom: 'touchstone.newPromptFrom',
  openPromptOfCall: 'touchstone.openPromptOfCall',
  newPromptFromCall: 'touchstone.newPromptFromCall',
  addToGolden: 'touchstone.addToGolden',
  addGoldenFromQuery: 'touchstone.addGoldenFromQuery',
  replayCall: 'touchstone.replayCall',
  openTraceLink: 'touchstone.openTraceLink',
  copyTraceLink: 'touchstone.copyTraceLink',
  refreshTrace: 'touchstone.refreshTrace',
  scoreTrace: 'touchstone.scoreTrace',
  addSource: 'touchstone.addSource',
  testSource: 'touchstone.testSource',
  setSourceKey: 'touchstone.setSourceKey',
  openSourcePage: 'touchstone.openSourcePage',
  removeSource: 'touchstone.removeSource',
  searchSource: 'touchstone.searchSource',
  summariseSource: 'touchstone.summariseSource',
} as const;

/** Commands that only lenses, quick fixes and views call, with arguments: not contributed, so never in the palette. */
export const INTERNAL_COMMANDS = {
  runCase: 'touchstone.internal.runCase',
  openCell: 'touchstone.internal.openCell',
  showDifference: 'touchstone.internal.showDifference',
  acceptOutput: 'touchstone.internal.acceptOutput',
  outputRunAgain: 'touchstone.internal.outputRunAgain',
  outputCancel: 'touchstone.internal.outputCancel',
  outputAddAsCase: 'touchstone.internal.outputAddAsCase',
  outputCopy: 'touchstone.internal.outputCopy',
  loadMoreTraces: 'touchstone.internal.loadMoreTraces',
  openRejection: 'touchstone.internal.openRejection',
  openCellTrace: 'touchstone.internal.openCellTrace',
  pickTracedCall: 'touchstone.internal.pickTracedCall',
  showComparison: 'touchstone.internal.showComparison',
  openRemoteTrace: 'touchstone.internal.openRemoteTrace',
  manageTrust: 'workbench.trust.manage',
} as const;

/** Settings by their full key. */
export const SETTINGS = {
  concurrency: 'touchstone.concurrency',
  idleTimeout: 'touchstone.idleTimeout',
  maxRetries: 'touchstone.maxRetries',
  budget: 'touchstone.budget',
  confirmAbove: 'touchstone.confirmAbove',
  defaultModel: 'touchstone.defaultModel',
  codeLensEnabled: 'touchstone.codeLens.enabled',
  codeLensDatasetRows: 'touchstone.codeLens.datasetRows',
  codeAnnotations: 'touchstone.code.annotations',
  codeLenses: 'touchstone.code.lenses',
  receiverEnabled: 'touchstone.receiver.enabled',
  receiverHttpPort: 'touchstone.receiver.httpPort',
  receiverGrpcPort: 'touchstone.receiver.grpcPort',
  receiverInjectEnvironment: 'touchstone.receiver.injectEnvironment',
  tracesRetentionDays: 'touchstone.traces.retentionDays',
  tracesMaxSize: 'touchstone.traces.maxSize',
} as const;

export const VIEW_CONTAINER = 'touchstone';

export const VIEWS = {
  prompts: 'touchstone.prompts',
  runs: 'touchstone.runs',
  traces: 'touchstone.traces',
  sources: 'touchstone.sources',
} as const;

/** Context keys that the extension sets, for `when` and `enablement`. */
export const CONTEXT_KEYS = {
  /** The active editor shows a prompt file or a promptfoo config. */
  promptEditor: 'touchstone.promptEditor',
  /** The Prompts view lists at least one prompt. */
  hasPrompts: 'touchstone.hasPrompts',
  /** Nobody has looked yet whether there are prompts, or there are: the palette must not wait for a view. */
  mayHavePrompts: 'touchstone.mayHavePrompts',
  /** The Runs view lists at least one run. */
  hasRuns: 'touchstone.hasRuns',
  /** A run is in progress in this window. */
  running: 'touchstone.running',
  /** At least one run was interrupted or cancelled and can go on. */
  resumable: 'touchstone.resumable',
  /** The Traces view has been read: when it is empty, there is nothing. */
  tracesRead: 'touchstone.tracesRead',
  /** The Traces view lists at least one trace, or a panel shows one. */
  hasTraces: 'touchstone.hasTraces',
  /** The Traces view shows only what matches a query. */
  tracesFiltered: 'touchstone.tracesFiltered',
  /** The Traces view lists sessions. */
  tracesGrouped: 'touchstone.tracesGrouped',
  /** The receiver of a folder of this window is switched on. */
  receiverOn: 'touchstone.receiverOn',
} as const;

/** `viewItem` values of the trees. */
export const VIEW_ITEMS = {
  prompt: 'prompt',
  dataset: 'dataset',
  /** With an environment to which its pointer can go back, and one without. */
  environmentBack: 'environment.back',
  environment: 'environment',
  environmentDiverged: 'environment.diverged',
  runActive: 'run.active',
  runResumable: 'run.resumable',
  runFinished: 'run.finished',
  trace: 'trace',
  session: 'session',
  receiverOn: 'receiver.on',
  receiverOff: 'receiver.off',
  rejection: 'rejection',
  tailedFile: 'tailedFile',
  /** A tool that keeps traces: in the Sources view, and with its traces in the Traces view. */
  remote: 'remote',
  remoteTraces: 'remoteTraces',
  /** It adds up, too. */
  remoteTracesSums: 'remoteTraces.sums',
  remoteTrace: 'remoteTrace',
} as const;

export const WALKTHROUGH = 'touchstone.start';

export const PANELS = { run: 'touchstone.run', trace: 'touchstone.trace', compare: 'touchstone.compare', versions: 'touchstone.versions' } as const;

/** Schemes of read-only documents that the extension provides. */
export const SCHEMES = {
  /** The streamed output of Run Once. */
  output: 'touchstone-output',
  /** Texts that are shown and not kept: one side of a difference, a rejected batch, a value of a span. */
  text: 'touchstone-text',
} as const;
