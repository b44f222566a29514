// How a conversation with a server can end, and the one sentence for it.

import { types } from "node:util";
import type { AnswerOf } from "../../shared/answers.js";
import { RoomError } from "../../shared/errors.js";
import { ClientError } from "../failures.js";

/**
 * We said `quit`; the server said `bye`; it vanished; it did not take us back; what answered there was no Roomline;
 * a listener threw.
 */
export type Ending =
  | { readonly kind: "quit" }
  | { readonly kind: "bye"; readonly bye: AnswerOf<"bye"> }
  | { readonly kind: "refused"; readonly cause: RoomError }
  | { readonly kind: "lost" | "broken" | "failed"; readonly cause: unknown };

/** An ending as the error that everybody gets who still waits for an answer. */
export function endingError(ending: Ending): Error {
  switch (ending.kind) {
    case "quit":
      return new ClientError("connection-lost", "The conversation is over.");
    case "bye":
      return new ClientError("connection-lost", `The server said goodbye. ${goodbye(ending.bye)}`.trim());
    case "refused":
      return ending.cause;
    case "lost":
      return new ClientError("connection-lost", "The connection to the server is lost.", ending);
    case "broken":
      return new ClientError("cannot-connect", "What answers there does not speak Roomline.", ending);
    case "failed":
      // Not the server's fault, nor the network's: whoever listened gets its own error back.
      return types.isNativeError(ending.cause) ? ending.cause : new Error(String(ending.cause));
  }
}

function goodbye({ code, message }: AnswerOf<"bye">): string {
  return message ?? (code === undefined ? "" : new RoomError(code).message);
}
