/** Three digits that count, with thousands separators: 0.290, 4.38, 1,470. */
export function formatted(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString('en', { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
}
