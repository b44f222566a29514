#!/usr/bin/env node
// The door: `node client` from any folder. Starts the compiled client, or says how to build it.
import { existsSync } from "node:fs";

const main = new URL("../dist/client/main.js", import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  console.error("Roomline is not built yet: run `npm ci` in its folder first.");
  process.exitCode = 1;
}
