// Uploads or downloads a file as the terminal client does, through the library. With `chat` it says something on the
// same connection every few milliseconds meanwhile, and tells how long each took to come back.

import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { download, openSession, upload } from "../../dist/client/library.js";
import { report } from "./report.js";

const pauseMs = 10;
const talkOnlyMs = 3000;

const [verb, port, place, name, chat] = process.argv.slice(2);
const session = await openSession({ port: Number(port), room: "bench" });
const beforeMiB = process.memoryUsage.rss() / 1024 / 1024;
const works = { upload: sent, download: saved, talk: () => sleep(talkOnlyMs) };
const state = { isOver: false };
await report(async () => {
  const talking = chat === "chat" || verb === "talk" ? talk() : [];
  await works[verb]();
  state.isOver = true;
  return { times: await talking, beforeMiB };
});
await session.close();

async function sent() {
  await upload(session, place, { name });
}

async function saved() {
  const { path, file } = await download(session, { name }, { folder: place });
  if ((await stat(path)).size !== file.size) throw new Error("It is not all there.");
}

async function talk() {
  const times = [];
  for (; !state.isOver; await sleep(pauseMs)) {
    const start = performance.now();
    await session.say("Are you there?");
    times.push(performance.now() - start);
  }
  return times;
}
