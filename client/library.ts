// What a bot imports: `import { openSession } from "roomline"`. The same calls that the terminal client makes.

export { RoomError, type ErrorCode } from "../shared/errors.js";
export type {
  Answer,
  AnswerOf,
  AnswerType,
  DirectItem,
  EntryType,
  FileItem,
  RoomItem,
} from "../shared/answers.js";
export type {
  Asking,
  Beginning,
  Deletion,
  FilePage,
  HistoryPage,
  HistoryRange,
  ListPage,
  Replying,
  Saying,
  SearchPage,
  SearchQuery,
  Target,
  Where,
} from "./session/asking.js";
export { openSession, type SessionOptions } from "./session/connect.js";
export type { ConnectionState } from "./session/conversation.js";
export { download, downloadTo, type Saved, type Wanted } from "./transfer/download.js";
export type { Ending } from "./session/endings.js";
export type { Entry } from "./session/exchanges.js";
export { ClientError, type FailureCode } from "./failures.js";
export type { Gap, Whereabouts } from "./session/gap.js";
export type { Position } from "./session/positions.js";
export { Session } from "./session/session.js";
export type { Progress, TransferOptions } from "./transfer/transfer.js";
export { upload, uploadFrom, type UploadOptions } from "./transfer/upload.js";
export type { Waits } from "./session/waits.js";
