// What a server sends: answers, entries, notices and goodbyes. One definition of each, as in requests.ts.
// A client ignores types and fields that it does not know.

import { Type, type Static } from "@sinclair/typebox";
import type { ErrorCode } from "./errors.js";
import { Data, Id, Sha256, Text, Whole, optional } from "./fields.js";
import { defaultLimits } from "./limits.js";

const id = optional(Id);
const Names = Type.Array(Text);

// Any text, because a newer server has codes that this table does not.
const Code = Type.Unsafe<ErrorCode>(Text);

const LimitsInBytes = Type.Object(
  Object.fromEntries(Object.keys(defaultLimits).map((name) => [name, Whole])) as Record<
    keyof typeof defaultLimits,
    typeof Whole
  >,
);

/** What a file is known by, wherever one is told. */
const fileFacts = {
  file: Text,
  name: Text,
  version: Whole,
  size: Whole,
  mime: Text,
  sha256: Sha256,
};

/** Where a line belongs: to a room, or to the conversation with that person. */
const place = { room: optional(Text), with: optional(Text) };

/** What every entry of a room has. */
const entryFacts = { room: Text, seq: Whole, time: Text, from: Text, id };

/** What an entry has that may be of a room, or of a conversation of two, which has `to` instead. */
const sharedFacts = { ...entryFacts, room: optional(Text), to: optional(Text) };

/** Of an entry that somebody has deleted; what it said is not there any more. */
const deleted = optional(Type.Boolean());

/** Entries that the log does not have any more. */
const Lost = Type.Object({ from: Whole, to: Whole });

const FileItem = Type.Object({ seq: Whole, time: Text, from: Text, ...fileFacts });
const RoomItem = Type.Object({ room: Text, memberCount: Whole });
const DirectItem = Type.Object({ with: Text, head: Whole, readSeq: Whole, unread: Whole });

export const answers = {
  connected: Type.Object({
    type: Type.Literal("connected"),
    id,
    name: Text,
    session: Text,
    resumed: Type.Boolean(),
    server: Text,
    protocol: Whole,
    features: Type.Array(Text),
    time: Text,
    limits: LimitsInBytes,
  }),
  joined: Type.Object({
    type: Type.Literal("joined"),
    id,
    room: Text,
    epoch: Text,
    head: Whole,
    memberCount: Whole,
    members: optional(Names),
    topic: Text,
    readSeq: optional(Whole),
    unread: optional(Whole),
  }),
  left: Type.Object({ type: Type.Literal("left"), id, room: Text }),
  message: Type.Object({
    type: Type.Literal("message"),
    ...entryFacts,
    text: optional(Text),
    replyTo: optional(Whole),
    deleted,
  }),
  file: Type.Object({
    type: Type.Literal("file"),
    ...entryFacts,
    ...Type.Partial(Type.Object(fileFacts)).properties,
    deleted,
  }),
  direct: Type.Object({
    type: Type.Literal("direct"),
    seq: Whole,
    time: Text,
    from: Text,
    to: Text,
    id,
    text: optional(Text),
    replyTo: optional(Whole),
    deleted,
  }),
  edit: Type.Object({
    type: Type.Literal("edit"),
    ...sharedFacts,
    target: Whole,
    text: optional(Text),
    deleted,
  }),
  delete: Type.Object({ type: Type.Literal("delete"), ...sharedFacts, target: Whole }),
  react: Type.Object({
    type: Type.Literal("react"),
    ...sharedFacts,
    target: Whole,
    emoji: optional(Text),
    on: optional(Type.Boolean()),
    deleted,
  }),
  topic: Type.Object({ type: Type.Literal("topic"), ...entryFacts, text: optional(Text), deleted }),
  typing: Type.Object({ type: Type.Literal("typing"), ...place, from: Text }),
  read: Type.Object({ type: Type.Literal("read"), id, ...place, seq: Whole, unread: Whole }),
  presence: Type.Object({
    type: Type.Literal("presence"),
    room: Text,
    joined: Names,
    left: Names,
    memberCount: Whole,
  }),
  behind: Type.Object({ type: Type.Literal("behind"), ...place, from: Whole, to: Whole }),
  live: Type.Object({ type: Type.Literal("live"), id, ...place, head: Whole }),
  history: Type.Object({
    type: Type.Literal("history"),
    id,
    ...place,
    from: Whole,
    to: Whole,
    count: Whole,
    more: Type.Boolean(),
    changes: optional(Whole),
    lost: optional(Lost),
    reset: optional(Type.Boolean()),
  }),
  results: Type.Object({
    type: Type.Literal("results"),
    id,
    ...place,
    count: Whole,
    more: Type.Boolean(),
  }),
  recorded: Type.Object({ type: Type.Literal("recorded"), id: Id, ...place, seq: Whole }),
  users: Type.Object({ type: Type.Literal("users"), id, room: Text, users: Names, more: Type.Boolean() }),
  directs: Type.Object({
    type: Type.Literal("directs"),
    id,
    directs: Type.Array(DirectItem),
    more: Type.Boolean(),
  }),
  rooms: Type.Object({ type: Type.Literal("rooms"), id, rooms: Type.Array(RoomItem), more: Type.Boolean() }),
  files: Type.Object({
    type: Type.Literal("files"),
    id,
    room: Text,
    files: Type.Array(FileItem),
    more: Type.Boolean(),
  }),
  uploading: Type.Object({ type: Type.Literal("uploading"), id, upload: Text, offset: Whole }),
  progress: Type.Object({ type: Type.Literal("progress"), upload: Text, received: Whole, offset: Whole }),
  downloading: Type.Object({ type: Type.Literal("downloading"), id: Id, ...fileFacts, offset: Whole }),
  chunk: Type.Object({
    type: Type.Literal("chunk"),
    id: Id,
    offset: Whole,
    data: Data,
    last: optional(Type.Boolean()),
  }),
  cancelled: Type.Object({ type: Type.Literal("cancelled"), id, upload: optional(Text) }),
  pong: Type.Object({ type: Type.Literal("pong"), id, time: Text, session: optional(Text) }),
  error: Type.Object({
    type: Type.Literal("error"),
    code: Code,
    message: Text,
    id,
    upload: optional(Text),
    offset: optional(Whole),
    retryAfterMs: optional(Whole),
  }),
  bye: Type.Object({
    type: Type.Literal("bye"),
    id,
    code: optional(Code),
    message: optional(Text),
    retry: Type.Boolean(),
    retryAfterMs: optional(Whole),
  }),
};

export type AnswerType = keyof typeof answers;

/** One type of what the server sends, by its name on the wire. */
export type AnswerOf<T extends AnswerType> = Static<(typeof answers)[T]>;

/** Anything the server may send. */
export type Answer = { [T in AnswerType]: AnswerOf<T> }[AnswerType];

/** The types that are entries of a room's log. */
export const entryTypes = ["message", "file", "direct", "edit", "delete", "react", "topic"] as const;
export type EntryType = (typeof entryTypes)[number];

/** A file as `files` lists it. */
export type FileItem = Static<typeof FileItem>;

/** A conversation as `directs` lists it. */
export type DirectItem = Static<typeof DirectItem>;

/** A room as `rooms` lists it. */
export type RoomItem = Static<typeof RoomItem>;
