// Browsers list zones by their old names. Whoever looks for a new one finds the old.
const newNames: Record<string, string> = {
  'Asia/Calcutta': 'Asia/Kolkata', 'Asia/Katmandu': 'Asia/Kathmandu', 'Asia/Rangoon': 'Asia/Yangon', 'Asia/Saigon': 'Asia/Ho Chi Minh',
  'Europe/Kiev': 'Europe/Kyiv', 'Atlantic/Faeroe': 'Atlantic/Faroe', 'America/Buenos_Aires': 'Buenos Aires Argentina',
  'America/Godthab': 'America/Nuuk', 'Pacific/Truk': 'Pacific/Chuuk', 'Pacific/Ponape': 'Pacific/Pohnpei', 'Africa/Asmera': 'Africa/Asmara',
};

export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

// zones returns all that can be chosen, the most likely ones first.
export function zones(current: string): string[] {
  return [...new Set([browserZone(), 'UTC', current, ...Intl.supportedValuesOf('timeZone')])];
}

// matchesZone tells whether somebody who types this may mean the zone.
export function matchesZone(zone: string, typed: string): boolean {
  const plain = (text: string) => text.toLowerCase().replaceAll('_', ' ');
  return plain(`${zone} ${newNames[zone] ?? ''}`).includes(plain(typed.trim()));
}

// isZone tells whether dates can be written in a zone. The address may name any.
export function isZone(zone: string): boolean {
  try {
    Intl.DateTimeFormat(undefined, { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
