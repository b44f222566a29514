// The operator's commands on a data folder: what main.ts imports. Each runs in a program of its own, which waits for
// SQLite and the disk.

export { backUp } from "./backup.js";
export { checkFolder } from "./check.js";
export { exportRoom } from "./export.js";
export { importRoom } from "./import.js";
