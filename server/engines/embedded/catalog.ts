// The embedded Catalog: asks the reading thread.

import type { DirectItem, FileItem } from "../../../shared/answers.js";
import type { Name } from "../../../shared/names.js";
import type { Catalog, Conversation, FileQuery } from "../../engine.js";
import type { WorkerCalls } from "./calls.js";
import type { ReaderMethods } from "./reader.js";

export function openCatalog(reader: WorkerCalls<ReaderMethods>): Catalog {
  return {
    async rooms({ after, limit }): Promise<readonly Name[]> {
      return reader.call("rooms", { after: after?.key ?? "", limit });
    },
    async files(room, { name, after, limit }): Promise<readonly FileItem[]> {
      return reader.call("files", { roomKey: room.key, key: name?.key, after, limit });
    },
    async findFile(room: Name, query: FileQuery): Promise<FileItem | undefined> {
      if ("file" in query) return reader.call("fileById", { roomKey: room.key, file: query.file });
      return reader.call("fileByName", { roomKey: room.key, key: query.name.key, version: query.version });
    },
    async conversation(sender, other): Promise<Conversation | undefined> {
      return reader.call("conversation", { sender, key: other.key });
    },
    async conversations(sender, { after, limit }): Promise<readonly DirectItem[]> {
      return reader.call("conversations", { sender, after: after?.key ?? "", limit });
    },
  };
}
