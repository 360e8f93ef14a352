import { InvalidArgumentError } from 'commander';

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1 up.');
  return value;
}

/** 0: any free one. */
export function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('It must be a port from 0 to 65535.');
  return value;
}

/** US dollars, with or without the sign. */
export function dollars(text: string): number {
  const value = Number(text.replace(/^\$/, ''));
  if (!/^\$?(\d+\.?\d*|\.\d+)$/.test(text) || !(value > 0)) throw new InvalidArgumentError('It must be an amount of US dollars above 0, such as 0.50.');
  return value;
}

/** A share: `0.9` or `90%`. */
export function rate(text: string): number {
  const match = /^(\d+\.?\d*|\.\d+)(%?)$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be a rate from 0 to 1, such as 0.9, or a percentage, such as 90%.');
  return value;
}

/** For options that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** `NAME=TEXT`, for options that may be given several times. */
export function assignment(text: string, earlier: readonly (readonly [string, string])[] = []): (readonly [name: string, value: string])[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be a name, = and a text, such as plan=Team.');
  return [...earlier, [text.slice(0, at), text.slice(at + 1)]];
}

/** A difference in the metric's unit: `0.05`, `5%`, `5pp`; of money, time or tokens a number. */
export function margin(text: string): number {
  const match = /^(\d+\.?\d*|\.\d+)(%|pp)?$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === undefined ? 1 : 100);
  if (!(value >= 0)) throw new InvalidArgumentError('It must be a difference from 0 on in the unit of the metric, such as 0.05 or 5%.');
  return value;
}
