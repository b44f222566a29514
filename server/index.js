// The door: runs the compiled server.
import { existsSync } from "node:fs";
const main = new URL("../dist/server/main.js", import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  console.error("roomline: not built yet. Run `npm ci` in this folder first.");
  process.exitCode = 1;
}
