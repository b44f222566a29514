// Which process this is, and whether another one is still there: for what one process holds and leaves behind when it
// is killed. Besides main.ts the only file of the client that touches `process`; a bot needs it, too.

import { systemCode } from "./failures.js";

export const ownPid = process.pid;

/** Whether a process of this number is there, whoever's it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return systemCode(error) !== "ESRCH";
  }
}
