// Loaded into a server or a client of the build that kill-build.ts makes, in every thread: when it passes a point for
// the n-th time that a file names, the process is gone, as by a power cut. Another text in the file counts anew.

import { readFileSync } from "node:fs";

const path = process.env.ROOMLINE_TEST_KILL ?? "";
let aim = "";
let passes = 0;

globalThis.killPoint = (point) => {
  const text = readFileSync(path, "utf8");
  if (text !== aim) [aim, passes] = [text, 0];
  const [wanted, nth] = text.split("\n");
  if (point === wanted && ++passes === Number(nth)) process.kill(process.pid, "SIGKILL");
};
