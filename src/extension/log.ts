import * as vscode from 'vscode';
import { createRedactor } from '../core/model/redact.ts';

/** The one log channel. What was handed out as a secret, and what looks like a key, never reaches it. */
export class Log implements vscode.Disposable {
  readonly #channel = vscode.window.createOutputChannel('Touchstone', { log: true });
  readonly #redactor = createRedactor();

  /** From now on this value is left out of every line. */
  hide(secret: string): void {
    this.#redactor.add(secret);
  }

  debug(message: string): void {
    this.#channel.debug(this.redact(message));
  }

  info(message: string): void {
    this.#channel.info(this.redact(message));
  }

  warn(message: string): void {
    this.#channel.warn(this.redact(message));
  }

  error(message: string): void {
    this.#channel.error(this.redact(message));
  }

  show(): void {
    this.#channel.show(true);
  }

  redact(text: string): string {
    return this.#redactor.redact(text);
  }

  dispose(): void {
    this.#channel.dispose();
  }
}
