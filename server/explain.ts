// Why the server did not start, or a command did not do its work, as one sentence for the person who typed it. Called by
// main.ts.

import type { ServerOptions } from "./options.js";

export function explainStart(error: unknown, { host, port, data }: ServerOptions): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  const address = `${host}:${port}`;
  switch (code) {
    case "EADDRINUSE":
      return `${address} is taken: another program listens there. Choose another with --port.`;
    case "EACCES":
    case "EPERM":
      return "syscall" in error && error.syscall === "listen"
        ? `Not allowed to listen on ${address}.`
        : `Not allowed to write in the data folder ${data}.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is not an address of this machine.`;
    case "EROFS":
      return `The data folder ${data} is on a read-only file system.`;
    case "EEXIST":
    case "ENOTDIR":
      return `The data folder ${data} is not a folder.`;
    case "ENOENT":
      return `The data folder ${data} cannot be made.`;
    case "ENOSPC":
      return `There is no space left for the data folder ${data}.`;
    default:
      return error.message;
  }
}

export function explainCommand(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const path = "path" in error && typeof error.path === "string" ? error.path : undefined;
  switch ("code" in error ? error.code : undefined) {
    case "ENOENT":
      return path === undefined ? error.message : `There is no ${path}.`;
    case "EACCES":
    case "EPERM":
      return path === undefined ? error.message : `Not allowed to use ${path}.`;
    case "EISDIR":
      return "That is a folder, and no file.";
    case "EROFS":
      return "That is on a read-only file system.";
    case "ENOSPC":
    case "storage-full":
      return "There is no space left on the disk.";
    default:
      return error.message;
  }
}
