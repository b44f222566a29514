// How many items a page of `users`, `rooms` or `files` holds: few enough for one line.

const maxItems = 100;

export function pageLimit(asked: number | undefined): number {
  return Math.min(asked ?? maxItems, maxItems);
}
