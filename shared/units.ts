// Times, sizes and counts as a person writes them in a flag, on either side.

const unitsOfTime = new Map([
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 7 * 86_400_000],
  ["y", 365 * 86_400_000],
]);

const unitsOfSize = new Map([
  ["B", 1],
  ["kB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["TB", 1e12],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["TiB", 2 ** 40],
]);

/** @throws Error with a sentence that names the flag */
export function ageOf(text: string, flag: string): number {
  const [, number = "", unit = ""] = /^(\d{1,9})([a-z])$/.exec(text.trim()) ?? [];
  const ms = Number(number) * (unitsOfTime.get(unit) ?? 0);
  if (ms > 0) return ms;
  throw new Error(`${flag} must be a time such as 90m, 12h, 30d, 8w or 1y, and not ${JSON.stringify(text)}`);
}

/** @throws Error with a sentence that names the flag */
export function countOf(text: string, flag: string): number {
  if (/^\d{1,15}$/.test(text.trim()) && Number(text) > 0) return Number(text);
  throw new Error(`${flag} must be a whole number from 1, and not ${JSON.stringify(text)}`);
}

/** @throws Error with a sentence that names the flag */
export function bytesOf(text: string, flag: string): number {
  const [, number = "", unit = ""] = /^(\d{1,15}(?:\.\d{1,3})?) ?([A-Za-z]+)$/.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(number) * (unitsOfSize.get(unit) ?? 0));
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw new Error(`${flag} must be a size such as 500MB or 2GiB, and not ${JSON.stringify(text)}`);
}
