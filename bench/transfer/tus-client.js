// Uploads or downloads a file over HTTP as tus does it, and hashes it as our client does: creation and one PATCH, or a
// GET that is written to a file and synced. The URL of an upload is told, for the download.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream, statSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { report } from "./report.js";

const [verb, port, place, url] = process.argv.slice(2);
const tusHeaders = { "Tus-Resumable": "1.0.0" };
await report(verb === "upload" ? sent : saved);

async function sent() {
  const size = statSync(place).size;
  const created = await answerTo("POST", `http://127.0.0.1:${port}/files`, { "Upload-Length": size });
  const location = created.headers.location;
  const headers = {
    "Upload-Offset": 0,
    "Content-Type": "application/offset+octet-stream",
    "Content-Length": size,
  };
  const patch = request(location, { method: "PATCH", headers: { ...tusHeaders, ...headers } });
  const answered = once(patch, "response");
  const sha256 = await pump(createReadStream(place, { highWaterMark: 256 * 1024 }), patch);
  const [response] = await answered;
  response.resume();
  if (response.headers["content-sha256"] !== sha256) throw new Error("The server has other bytes.");
  return { sha256, url: location };
}

async function saved() {
  const response = await answerTo("GET", url);
  const file = createWriteStream(join(place, "saved"), { flush: true, highWaterMark: 1024 * 1024 });
  const sha256 = await pump(response, file);
  if (!file.closed) await once(file, "close");
  return { sha256 };
}

/** The hash of all that went from one to the other. */
async function pump(from, to) {
  const hash = createHash("sha256");
  for await (const bytes of from) {
    hash.update(bytes);
    if (!to.write(bytes)) await once(to, "drain");
  }
  to.end();
  return hash.digest("hex");
}

async function answerTo(method, target, headers = {}) {
  const asked = request(target, { method, headers: { ...tusHeaders, ...headers } });
  asked.end();
  const [response] = await once(asked, "response");
  if (method !== "GET") response.resume();
  if (response.statusCode >= 300) throw new Error(`${method} was answered ${response.statusCode}.`);
  return response;
}
