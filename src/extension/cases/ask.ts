import * as vscode from 'vscode';
import type { JsonObject } from '../../core/json.ts';
import { plainText } from '../../core/text/plain-text.ts';
import { createInputBox } from '../questions.ts';

interface Question {
  readonly title: string;
  readonly step: number;
  readonly steps: number;
  readonly prompt: string;
  readonly value: string;
}

/** Asks for one text after the other, with a way back. `undefined`: given up. */
export async function askVariables(title: string, names: readonly string[], before: JsonObject): Promise<JsonObject | undefined> {
  const values: Record<string, string> = {};
  for (let step = 0; step < names.length;) {
    const name = names[step] ?? '';
    const known = values[name] ?? before[name];
    const answer = await askText({ title, step: step + 1, steps: names.length, prompt: `{{${name}}}`, value: typeof known === 'string' ? known : known === undefined ? '' : JSON.stringify(known) });
    if (answer === 'back') step = Math.max(0, step - 1);
    else if (answer === undefined) return undefined;
    else {
      values[name] = answer.text;
      step += 1;
    }
  }
  return values;
}

function askText(question: Question): Promise<{ readonly text: string } | 'back' | undefined> {
  return new Promise((resolve) => {
    const input = createInputBox();
    input.title = question.title;
    input.prompt = plainText(question.prompt);
    input.value = question.value;
    if (question.steps > 1) {
      input.step = question.step;
      input.totalSteps = question.steps;
    }
    if (question.step > 1) input.buttons = [vscode.QuickInputButtons.Back];
    input.onDidTriggerButton(() => {
      resolve('back');
      input.hide();
    });
    input.onDidAccept(() => {
      resolve({ text: input.value });
      input.hide();
    });
    input.onDidHide(() => {
      resolve(undefined);
      input.dispose();
    });
    input.show();
  });
}
