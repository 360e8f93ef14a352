/** How long ago: in the largest unit that is full. */
export function age(milliseconds: number): { readonly value: number; readonly unit: 'minute' | 'hour' | 'day' | 'month' | 'year' } {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 60) return { value: minutes, unit: 'minute' };
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return { value: hours, unit: 'hour' };
  const days = Math.floor(hours / 24);
  if (days < 31) return { value: days, unit: 'day' };
  const months = Math.floor(days / 30.44);
  return months < 12 ? { value: Math.max(months, 1), unit: 'month' } : { value: Math.floor(days / 365.25) || 1, unit: 'year' };
}
