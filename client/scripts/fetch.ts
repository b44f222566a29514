// `node client download`: saves files of the room, or writes one to the output.

import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { transferredLine } from "../chat/render.js";
import { visibleJson } from "../chat/visible.js";
import { download, downloadTo, type Wanted } from "../transfer/download.js";
import { nameTaken } from "../transfer/given-name.js";
import type { TargetOptions } from "../transfer/target.js";
import type { Errand, Given, Run } from "./errand.js";
import { transferOf } from "./share.js";

export const fetch: Errand = {
  words: "NAME...",
  describe: "saves files of the room, or writes one to stdout",
  about: "What was broken off is gone on with. A file that is there is never touched.",
  examples: ["download disk.iso", "download build.log --out - | tail -1", "download plot.png --version 2"],
  flags: {
    out: {
      type: "string",
      describe: "folder to save in, the file to make, or - for stdout; else --downloads",
    },
    version: { type: "number", describe: "which version of the file; else the newest" },
    file: { type: "string", describe: "id of the file, in the place of a name" },
    downloads: { type: "string", default: "downloads", describe: "folder that files are saved in" },
  },
  plan(given) {
    return faultOf(given) ?? { run: (run) => fetchAll(run, given) };
  },
};

function faultOf(given: Given): string | undefined {
  const [version, file, out] = [given.number("version"), given.text("file"), given.text("out")];
  const count = given.words.length + (file === undefined ? 0 : 1);
  if (count === 0) return "Say what to download: a name, or --file and an id";
  if (given.isSet("version") && !(Number.isSafeInteger(version) && Number(version) >= 1))
    return "The version must be a whole number from 1";
  if (version !== undefined && (count > 1 || file !== undefined)) return "A version is that of one name";
  if (out === "-" && count > 1) return "Only one file can go to stdout";
  return out === "" || given.text("downloads") === "" ? "The place to save in is empty" : undefined;
}

async function fetchAll(run: Run, given: Given): Promise<void> {
  const [version, file, out] = [given.number("version"), given.text("file"), given.text("out")];
  const wanted: Wanted[] = given.words.map((name) => ({ name, ...(version !== undefined && { version }) }));
  if (file !== undefined) wanted.push({ file });
  const { session, streams, outcome } = run;
  outcome.canGoOn = true;
  for (const each of wanted) {
    run.suspend.throwIfAborted();
    await outcome.attempt("name" in each ? each.name : each.file, async () => {
      if (out === "-") {
        outcome.canGoOn = false;
        const { output } = streams;
        return transferredLine("wrote", await downloadTo(session, each, { ...transferOf(run), output }));
      }
      const place = await placeOf(given, wanted.length);
      const saved = await download(session, each, { ...transferOf(run), ...place });
      if (run.isJson) await run.print(visibleJson(saved.file));
      return transferredLine("saved", { ...saved.file, name: saved.path });
    });
  }
}

/** @throws ClientError bad-file when something has that name */
async function placeOf(given: Given, count: number): Promise<TargetOptions> {
  const out = given.text("out");
  if (out === undefined) return { folder: given.text("downloads") ?? "downloads" };
  const facts = await stat(out).catch(() => undefined);
  if (facts?.isDirectory() === true || count > 1 || /[/\\]$/.test(out)) return { folder: out };
  // Before any byte is fetched.
  if (facts !== undefined) throw nameTaken(out);
  return { folder: dirname(out), fileName: basename(out) };
}
