// Requests that need no room while their sender is in one alone. outbox.ts says which one is meant.

import type { Request } from "../shared/requests.js";
import type { NamedRequest } from "./exchanges.js";

const roomLeftOut = new Set<Request["type"]>([
  "leave",
  "message",
  "history",
  "users",
  "files",
  "upload",
  "download",
]);

type InRoom = Extract<
  NamedRequest,
  { type: "leave" | "message" | "history" | "users" | "files" | "upload" | "download" }
>;

export function mayLeaveRoomOut(request: NamedRequest): request is InRoom {
  return roomLeftOut.has(request.type);
}
