// What a file says it is: its name says so, and what a browser may show inline must also begin so (HOSTILE F6).

import { joinRoom } from "../support/peer.js";
import { pdf, photo } from "../support/real-files.js";
import { startServer } from "../support/server.js";
import { uploadFile } from "./handlers/transfers.js";

const page = Buffer.from("<!doctype html><script>alert(1)</script>");
const drawing = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');
const unknown = "application/octet-stream";

const files: [name: string, bytes: Buffer, mime: string][] = [
  ["photo.png", photo(), "image/png"],
  ["PHOTO.PNG", photo(), "image/png"],
  ["paper.pdf", pdf(), "application/pdf"],
  ["small.gif", Buffer.from("GIF89a"), "image/gif"],
  ["old.gif", Buffer.from("GIF87a…"), "image/gif"],
  ["photo.jpg", Buffer.from([0xff, 0xd8, 0xff, 0xe0]), "image/jpeg"],
  ["photo.webp", Buffer.from("RIFF\0\0\0\0WEBPVP8 "), "image/webp"],
  ["page.png", page, unknown],
  ["page.jpg", page, unknown],
  ["page.gif", page, unknown],
  ["page.webp", page, unknown],
  ["page.pdf", page, unknown],
  ["drawing.png", drawing, unknown],
  ["short.png", photo().subarray(0, 7), unknown],
  ["empty.png", Buffer.alloc(0), unknown],
  ["behind.png", Buffer.concat([Buffer.from(" "), photo()]), unknown],
  ["photo.html", photo(), "text/html"],
  ["drawing.svg", drawing, "image/svg+xml"],
  ["nothing known", page, unknown],
  ["__proto__", page, unknown],
];

describe("A file's media type", () => {
  it.each(files)("of %s is what it begins with", async (name, bytes, mime) => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const whole = { type: "upload", id: "w", name, data: bytes.toString("base64") };
    expect(await peer.ask(whole)).toMatchObject({ type: "file", mime });
    expect(await uploadFile(peer, name, bytes)).toMatchObject({ mime, version: 2 });
    expect(await peer.ask({ type: "download", id: "d", name })).toMatchObject({ mime });
  });
});
