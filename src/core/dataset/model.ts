import type { AssertionSpec } from '../assert/model.ts';
import type { JsonObject } from '../json.ts';
import type { ModelRef } from '../model/model.ts';
import type { SourceRange } from '../text/position.ts';

/** One golden example. */
export interface Case {
  /** Given by the file (`id`), else the first 12 hex digits of the hash of variables and expectation; unique in its dataset. */
  readonly id: string;
  readonly description?: string;
  readonly vars: JsonObject;
  /** `undefined`: the case expects nothing by itself. */
  readonly expected?: unknown;
  readonly tags: readonly string[];
  readonly assertions: readonly AssertionSpec[];
  /** Numeric threshold on the weighted score, replacing "all assertions pass". */
  readonly threshold?: number;
  readonly metadata: JsonObject;
  readonly options: CaseOptions;
  /** promptfoo's `providerOutput`: scored instead of asking a model. */
  readonly recordedOutput?: unknown;
  /** Labels or ids of the prompts that this case is for (promptfoo's `prompts`); absent: all. */
  readonly prompts?: readonly string[];
  /** Ids or labels of the models that this case is for (promptfoo's `provider(s)`); absent: all. */
  readonly models?: readonly string[];
  readonly place: CasePlace;
}

export interface CasePlace {
  /** Absolute path. */
  readonly file: string;
  readonly range: SourceRange;
  /** Range of the expectation's value, where the file has one. */
  readonly expectedRange?: SourceRange;
  /** Zero-based position in the whole dataset, before any filter: recordings may be matched by it. */
  readonly index?: number;
}

export interface CaseOptions {
  readonly prefix?: string;
  readonly suffix?: string;
  /** JavaScript (expression or `file://`) that turns the output into what is scored. */
  readonly transform?: string;
  readonly transformVars?: string;
  /** Judge for this case's model-graded assertions. */
  readonly judge?: ModelRef;
  readonly rubricPrompt?: unknown;
  readonly disableDefaultAssertions?: boolean;
  /** Variables whose values are templates themselves, expanded once. Without it every value is inert text. */
  readonly expandVars?: readonly string[];
}

/** Where the cases of a prompt are: `golden` or `testData` of a prompt file, `tests` of a promptfoo config. */
export interface DatasetRef {
  /** How it is shown and stored with a run: the file's name, or `inline`. */
  readonly name: string;
  /** Absolute paths (or glob patterns with `*`), for datasets in files of their own. */
  readonly files: readonly string[];
  /** Cases that stand in the prompt file itself; they come first. */
  readonly inline: readonly Case[];
  readonly range: SourceRange;
}
