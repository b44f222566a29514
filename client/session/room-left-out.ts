// Requests that need no room while their sender is in one alone. outbox.ts says which one is meant.

import type { NamedRequest } from "./exchanges.js";

const roomLeftOut = [
  "leave",
  "message",
  "edit",
  "delete",
  "react",
  "topic",
  "read",
  "history",
  "search",
  "users",
  "files",
  "upload",
  "download",
] as const;

type InRoom = Extract<NamedRequest, { type: (typeof roomLeftOut)[number] }>;

const types = new Set<string>(roomLeftOut);

/** Those that are about the conversation with somebody have no room. */
export function mayLeaveRoomOut(request: NamedRequest): request is InRoom {
  return types.has(request.type) && !("with" in request);
}
