// Every code an `error` or a `bye` can carry, in one table, and the one error class that carries them.
// docs/protocol.md prints the same table; a test holds the two together.

interface CodeFacts {
  /** One sentence for a person: what is wrong. */
  readonly meaning: string;
  /** Whether the same request may succeed later, unchanged. */
  readonly retry: boolean;
  /** Whether the server ends the connection with it. */
  readonly closes: boolean;
}

const refused = (meaning: string): CodeFacts => ({ meaning, retry: false, closes: false });
const later = (meaning: string): CodeFacts => ({ meaning, retry: true, closes: false });
const goodbye = (meaning: string, retry: boolean): CodeFacts => ({ meaning, retry, closes: true });

export const errorTable = {
  "bad-line": refused("The line is not a JSON object in UTF-8."),
  "line-too-long": refused("The line is longer than limits.lineBytes."),
  "bad-message": refused("A field is missing, of the wrong type or out of range."),
  "unknown-type": refused("No request has this type."),
  "unsupported-protocol": refused("The server does not speak this protocol version."),
  "not-connected": refused("Say connect first."),
  "already-connected": refused("This connection has already said connect."),
  "bad-name": refused("The name is not allowed."),
  "name-taken": later("Somebody else has this name."),
  "id-reused": refused("You used this id for something else in this room within limits.dedupeMs."),
  "not-in-room": refused("Join the room first."),
  forbidden: refused("That is another's to do."),
  "no-such-user": later("Nobody has this name at the moment."),
  "no-such-entry": refused("There is no entry of that number, or it was deleted."),
  "file-not-found": refused("The room has no such file."),
  "file-too-large": refused("The file is larger than limits.fileBytes."),
  "bad-data": refused("The data is not canonical Base64, or not as long as declared."),
  "bad-offset": refused("The chunk is not the next one; go on from the offset in the answer."),
  "hash-mismatch": later("The bytes do not have the declared SHA-256; the upload is dropped."),
  changed: refused("The file has other content than the one you began with."),
  "upload-not-found": refused("No such upload is under way."),
  "quota-exceeded": later("The room or you would have more bytes of files than the server allows."),
  "storage-full": later("The server's disk is full."),
  "too-many": later("Too many of these at once."),
  stalled: goodbye("The peer took no byte, or said nothing, for too long.", true),
  "shutting-down": goodbye("The server is stopping.", true),
  internal: later("The server made a mistake; it is in its log."),
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof errorTable;

export interface ErrorDetail {
  /** Replaces the table's sentence. */
  readonly message?: string;
  /** The offset in bytes to go on from. */
  readonly offset?: number;
  readonly retryAfterMs?: number;
  /** The upload that the error is about. */
  readonly upload?: string;
}

/** The only error that reaches a peer. Thrown by the code that knows, answered by its connection. */
export class RoomError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, detail: ErrorDetail = {}, options?: ErrorOptions) {
    // A newer server has codes that this table does not.
    super(detail.message ?? (Object.hasOwn(errorTable, code) ? errorTable[code].meaning : code), options);
    this.name = "RoomError";
    this.code = code;
    this.detail = detail;
  }
}
