// The first words of a connection: `connect`, and what the server says to it.

import type { AnswerOf } from "../../shared/answers.js";
import { errorTable, RoomError } from "../../shared/errors.js";
import { protocolVersion } from "../../shared/protocol.js";
import type { RequestOf } from "../../shared/requests.js";
import type { Accept } from "./exchanges.js";
import { usableLimits } from "./usable-limits.js";

/** What the server said to `connect`. */
export interface FirstWords {
  readonly connected: AnswerOf<"connected">;
  readonly joined: AnswerOf<"joined"> | undefined;
}

export type Connect = RequestOf<"connect"> & { readonly id: string };

/** `connect` with whatever of these is known. */
export function connectRequest(
  id: string,
  given: { [Field in keyof RequestOf<"connect">]?: RequestOf<"connect">[Field] | undefined },
): Connect {
  const { name, room, session, token, since, epoch, last } = given;
  return {
    type: "connect",
    id,
    protocol: protocolVersion,
    ...(name !== undefined && name !== "" && { name }),
    ...(room !== undefined && { room }),
    ...(session !== undefined && { session }),
    ...(token !== undefined && { token }),
    ...(since !== undefined && { since }),
    ...(since !== undefined && epoch !== undefined && { epoch }),
    ...(last !== undefined && { last }),
  };
}

/** Accepts `connected`, and `joined` when a room is asked for. @throws ClientError cannot-connect */
export function firstWords({ room }: Connect): Accept<FirstWords> {
  let connected: AnswerOf<"connected"> | undefined;
  return (answer) => {
    if (answer.type === "connected") connected = { ...answer, limits: usableLimits(answer.limits) };
    const joined = answer.type === "joined" ? answer : undefined;
    return connected && (joined || room === null) ? { connected, joined } : undefined;
  };
}

/**
 * Whether the server refuses us for good. A taken name is: somebody else has it, since the session alone would
 * have freed it.
 */
export function isRefusal(error: unknown): error is RoomError {
  if (!(error instanceof RoomError)) return false;
  const mayHeal = Object.hasOwn(errorTable, error.code) && errorTable[error.code].retry;
  return !mayHeal || error.code === "name-taken";
}
