// The commands that are about where one is, a part of the table in commands.ts: rooms and who is in them.

import type { Chat } from "../chat/chat.js";
import { placeName } from "../chat/place.js";
import { roomLine, topicLine } from "../chat/render.js";
import { visibleLine } from "../chat/visible.js";
import { listRooms, listUsers } from "../session/lists.js";
import type { Command } from "./command.js";
import { completeRoom, wholeName } from "./names.js";

export const roomCommands: readonly Command[] = [
  {
    names: ["/join"],
    argument: "needed",
    usage: "/join <room>",
    help: "go to a room; you stay in the others",
    complete: completeRoom,
    run: goToRoom,
  },
  {
    names: ["/room"],
    argument: "optional",
    usage: "/room [room]",
    help: "go to another of your rooms; alone, list them",
    complete: completeRoom,
    async run(chat, argument) {
      if (argument !== "") await goToRoom(chat, argument);
      else listPlaces(chat);
    },
  },
  {
    names: ["/leave"],
    argument: "optional",
    usage: "/leave [room]",
    help: "leave the room, or another of yours",
    complete(chat, argument) {
      return {
        from: 0,
        choices: chat.places.rooms.filter((room) => room.startsWith(argument)).map((text) => ({ text })),
      };
    },
    run: leave,
  },
  {
    names: ["/rooms"],
    argument: "none",
    usage: "/rooms",
    help: "list the server's rooms",
    async run(chat) {
      for (const room of await listRooms(chat.session, chat.asking)) chat.voice.show(roomLine(room));
    },
  },
  {
    names: ["/who", "/users"],
    argument: "none",
    usage: "/who",
    help: "list who is in the room (also /users)",
    async run(chat) {
      const users = await listUsers(chat.session, chat.currentRoom(), chat.asking);
      chat.voice.list(users.map(visibleLine));
    },
  },
  {
    names: ["/topic"],
    argument: "optional",
    usage: "/topic [text]",
    help: 'show what the room is about, or say it; "" takes it away',
    complete(chat, argument) {
      const topic = argument === "" ? chat.places.topicOf(chat.currentRoom()) : "";
      return { from: 0, choices: topic === "" ? [] : [{ text: topic }] };
    },
    async run(chat, argument) {
      const room = chat.currentRoom();
      if (argument === "") chat.voice.tell(topicLine(chat.places.topicOf(room)));
      else await chat.session.setTopic(argument === '""' ? "" : argument, room, chat.asking);
    },
  },
];

async function goToRoom(chat: Chat, argument: string): Promise<void> {
  const room = wholeName(argument);
  if (!chat.places.has(room)) {
    const joined = await chat.session.join(room, { ...chat.asking, ...chat.options.beginning });
    chat.enter(joined);
    chat.goTo({ room: joined.room });
    return;
  }
  chat.goTo({ room: chat.places.nameOf(room) });
}

async function leave(chat: Chat, argument: string): Promise<void> {
  const { here } = chat;
  // A talk with one person is just left alone.
  if (argument === "" && here !== undefined && "with" in here) {
    chat.goTo(chat.places.lastRoom);
    return;
  }
  const wanted = argument === "" ? chat.currentRoom() : wholeName(argument);
  const { room } = await chat.session.leave(wanted, chat.asking);
  chat.places.leave(room);
  const isHere = here !== undefined && "room" in here && !chat.places.has(here.room);
  const next = isHere ? chat.places.lastRoom : here;
  const where = next === undefined ? "in no room; /join one" : `in ${placeName(next)}`;
  chat.voice.tell(`* you have left ${visibleLine(room)} and are ${where}`);
  if (isHere) chat.goTo(next);
}

function listPlaces(chat: Chat): void {
  const unread = new Map(chat.voice.unread.map(({ place, count }) => [placeName(place), count]));
  const lines = chat.places.rooms.map((room) => {
    const isHere = chat.here !== undefined && "room" in chat.here && chat.here.room === room;
    const news = unread.get(visibleLine(room)) ?? 0;
    return `${isHere ? "*" : " "} ${visibleLine(room)}${news > 0 ? ` (${news} new)` : ""}`;
  });
  for (const line of lines) chat.voice.show(line);
}
