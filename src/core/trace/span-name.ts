/**
 * Whether a span's name says its model already, as OpenTelemetry's conventions have it (`chat gpt-5`): then it need not stand beside it.
 * `gpt-5-mini` says nothing of `gpt-5`: it is another one.
 */
export function saysModel(name: string, model: string): boolean {
  if (model === '') return false;
  for (let at = name.indexOf(model); at >= 0; at = name.indexOf(model, at + 1)) {
    if (!isPartOfId(name[at - 1]) && !isPartOfId(name[at + model.length])) return true;
  }
  return false;
}

function isPartOfId(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_.:@/-]/u.test(character);
}
