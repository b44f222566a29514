// Loaded into the server before its own code, in every thread: its clock is as far off as a file says, in ms, and
// jumps when the file changes. Timers go on as they do. Used by clock.test.ts.

import { readFileSync } from "node:fs";

const RealDate = Date;
const path = process.env.ROOMLINE_TEST_CLOCK ?? "";
const now = () => RealDate.now() + Number(readFileSync(path, "utf8"));

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(now());
    else super(...given);
  }

  static now() {
    return now();
  }
};
