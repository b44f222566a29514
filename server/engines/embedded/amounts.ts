// Amounts in words, for what the operator's commands say.

/** "1 room", "2 rooms". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

const units = ["KiB", "MiB", "GiB", "TiB"];

/** "17 bytes", "2.1 MiB". */
export function inBytes(bytes: number): string {
  let [amount, word] = [bytes, ""];
  for (const unit of units) {
    if (amount < 1024) break;
    [amount, word] = [amount / 1024, unit];
  }
  return word === "" ? counted(bytes, "byte") : `${amount.toFixed(1)} ${word}`;
}
