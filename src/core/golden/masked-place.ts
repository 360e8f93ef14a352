/**
 * Where in a case something was masked, as a person calls it: `message` of a variable, else `expected`, `metadata.service`, `tags.0`.
 * @param pointer JSON Pointer (RFC 6901) into the case
 */
export function maskedPlace(pointer: string): string {
  const steps = pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const [first, ...within] = steps;
  if (first === undefined) return 'the case';
  return (first === 'vars' && within.length > 0 ? within : steps).join('.');
}
