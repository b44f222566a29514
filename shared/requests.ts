// What a client may send: one definition of each request, from which come its TypeScript type, its validator
// and its JSON Schema. The sentences beside them are in docs/protocol.md.

import { Type, type Static } from "@sinclair/typebox";
import { Count, Data, Id, Sha256, Text, Whole, optional } from "./fields.js";

const id = optional(Id);
const room = optional(Text);

/** Where an entry is: in a room, or in the conversation with that person. */
const place = { room, with: optional(Text) };

/** Where a member begins: after a number it knows, or so many entries before the newest. */
const replay = { since: optional(Whole), epoch: optional(Text), last: optional(Whole) };

export const requests = {
  connect: Type.Object({
    type: Type.Literal("connect"),
    id,
    name: optional(Text),
    room: optional(Type.Union([Text, Type.Null()])),
    session: optional(Text),
    protocol: optional(Whole),
    token: optional(Text),
    ...replay,
  }),
  join: Type.Object({ type: Type.Literal("join"), id, room: Text, ...replay }),
  leave: Type.Object({ type: Type.Literal("leave"), id, room }),
  message: Type.Object({
    type: Type.Literal("message"),
    id,
    ...place,
    text: Text,
    replyTo: optional(Count),
  }),
  direct: Type.Object({
    type: Type.Literal("direct"),
    id,
    to: Text,
    text: Text,
    replyTo: optional(Count),
  }),
  edit: Type.Object({ type: Type.Literal("edit"), id, ...place, target: Count, text: Text }),
  delete: Type.Object({
    type: Type.Literal("delete"),
    id,
    ...place,
    target: optional(Count),
    file: optional(Text),
    name: optional(Text),
    version: optional(Count),
  }),
  react: Type.Object({
    type: Type.Literal("react"),
    id,
    ...place,
    target: Count,
    emoji: Text,
    on: optional(Type.Boolean()),
  }),
  topic: Type.Object({ type: Type.Literal("topic"), id, room, text: Text }),
  typing: Type.Object({ type: Type.Literal("typing"), id, ...place }),
  read: Type.Object({ type: Type.Literal("read"), id, ...place, seq: Whole }),
  history: Type.Object({
    type: Type.Literal("history"),
    id,
    ...place,
    after: optional(Whole),
    before: optional(Whole),
    limit: optional(Count),
    changes: optional(Type.Boolean()),
  }),
  search: Type.Object({
    type: Type.Literal("search"),
    id,
    ...place,
    query: Text,
    from: optional(Text),
    after: optional(Whole),
    before: optional(Whole),
    limit: optional(Count),
  }),
  users: Type.Object({
    type: Type.Literal("users"),
    id,
    room,
    after: optional(Text),
    limit: optional(Count),
  }),
  directs: Type.Object({
    type: Type.Literal("directs"),
    id,
    after: optional(Text),
    limit: optional(Count),
  }),
  rooms: Type.Object({ type: Type.Literal("rooms"), id, after: optional(Text), limit: optional(Count) }),
  files: Type.Object({
    type: Type.Literal("files"),
    id,
    room,
    name: optional(Text),
    after: optional(Count),
    limit: optional(Count),
  }),
  upload: Type.Object({
    type: Type.Literal("upload"),
    id,
    ...place,
    name: Text,
    size: optional(Whole),
    sha256: optional(Sha256),
    data: optional(Text),
  }),
  chunk: Type.Object({
    type: Type.Literal("chunk"),
    id,
    upload: Id,
    offset: Whole,
    data: Data,
    sha256: optional(Sha256),
  }),
  finish: Type.Object({ type: Type.Literal("finish"), id, upload: Id, sha256: optional(Sha256) }),
  cancel: Type.Object({ type: Type.Literal("cancel"), id, upload: optional(Id) }),
  download: Type.Object({
    type: Type.Literal("download"),
    id: Id,
    room,
    name: optional(Text),
    version: optional(Count),
    file: optional(Text),
    offset: optional(Whole),
    sha256: optional(Sha256),
    window: optional(Count),
  }),
  ack: Type.Object({ type: Type.Literal("ack"), id: Id, offset: Whole }),
  ping: Type.Object({ type: Type.Literal("ping"), id }),
  quit: Type.Object({ type: Type.Literal("quit"), id }),
};

export type RequestType = keyof typeof requests;

/** One type of request, by its name on the wire. */
export type RequestOf<T extends RequestType> = Static<(typeof requests)[T]>;

/** Anything a client may send. */
export type Request = { [T in RequestType]: RequestOf<T> }[RequestType];
