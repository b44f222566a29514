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
  HistoryPage,
  HistoryRange,
  ListPage,
  Replying,
  Saying,
  SearchPage,
  SearchQuery,
  Target,
  Where,
} from "./asking.js";
export { openSession, type SessionOptions } from "./connect.js";
export type { ConnectionState } from "./conversation.js";
export { download, downloadTo, type Saved, type Wanted } from "./download.js";
export type { Ending } from "./endings.js";
export type { Entry } from "./exchanges.js";
export { ClientError, type FailureCode } from "./failures.js";
export type { Gap, Whereabouts } from "./gap.js";
export type { Position } from "./positions.js";
export { Session } from "./session.js";
export type { Progress, TransferOptions } from "./transfer.js";
export { upload, uploadFrom, type UploadOptions } from "./upload.js";
export type { Waits } from "./waits.js";
