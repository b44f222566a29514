// What Tab makes of a line, in a room of a real server.

import { Chat, type Voice } from "../../../client/chat/chat.js";
import { completeLine } from "../../../client/commands/completion.js";
import { openSession } from "../../../client/session/connect.js";
import { cleanUp } from "../../support/cleanup.js";
import { joinRoom } from "../../support/peer.js";
import { startServer } from "../../support/server.js";

const nothing = () => undefined;
const silent: Voice = {
  show: nothing,
  list: nothing,
  tell: nothing,
  entry: nothing,
  presence: nothing,
  entered: nothing,
  wentTo: nothing,
  unread: [],
  look: {},
};

async function chatAs(name: string, port: number): Promise<Chat> {
  const session = await openSession({ port, name, room: "lab" });
  cleanUp(() => session.close());
  const signal = new AbortController().signal;
  const chat = new Chat(session, { voice: silent, folder: "-", home: "-", signal, beginning: {} });
  if (session.joined !== undefined) chat.enter(session.joined);
  chat.goTo({ room: "lab" });
  return chat;
}

async function place() {
  const { port } = await startServer();
  const bob = await joinRoom(port, "bob");
  await joinRoom(port, "the builder");
  const chat = await chatAs("alice", port);
  /** `|` is where the cursor is; what the line would be with each choice. */
  const tab = async (typed: string) => {
    const cursor = typed.indexOf("|");
    const { from, choices } = await completeLine(chat, typed.replace("|", ""), cursor);
    return choices.map(({ text }) => typed.slice(0, from) + text);
  };
  return { port, bob, chat, tab };
}

describe("Tab", () => {
  it("completes commands at the beginning of a line", async () => {
    const { tab } = await place();
    expect(await tab("/un|")).toEqual(["/unreact"]);
    expect(await tab("/re|")).toEqual(["/react", "/reply"]);
    expect(await tab("upl|")).toEqual(["upload:"]);
    expect(await tab("say /re|")).toEqual([]);
    expect(await tab("/help /top|")).toEqual(["/help /topic"]);
  });

  it("completes people, who are addressed at the beginning of a line", async () => {
    const { tab } = await place();
    expect(await tab("b|")).toEqual(["bob:"]);
    expect(await tab("ask @B|")).toEqual(["ask @bob"]);
    expect(await tab("ask t| now")).toEqual(["ask the builder"]);
    expect(await tab("/msg t|")).toEqual(['/msg "the builder"']);
    expect(await tab("/search plot from:b|")).toEqual(["/search plot from:bob"]);
    expect(await tab("ask a|")).toEqual([]);
  });

  it("completes rooms, of the server and one's own", async () => {
    const { port, tab } = await place();
    await joinRoom(port, "eve", "den");
    expect(await tab("/join d|")).toEqual(["/join den"]);
    expect(await tab("/leave |")).toEqual(["/leave lab"]);
  });

  it("brings what one has said, to be changed, and the numbers of what can be answered", async () => {
    const { bob, chat, tab } = await place();
    await chat.say("helo");
    bob.send({ type: "message", text: "what?" });
    await new Promise<void>((resolve) => {
      chat.session.on("message", ({ from }) => {
        if (from === "bob") resolve();
      });
    });
    expect(await tab("/edit |")).toEqual(["/edit #1 helo"]);
    expect(await tab("/edit 1|")).toEqual(["/edit #1 helo"]);
    expect(await tab("/reply |")).toEqual(["/reply #2"]);
    expect(await tab("/delete |")).toEqual(["/delete #1"]);
    await chat.run("/edit ^ hello");
    await chat.run("/reply ^ hello, I meant");
    await chat.run("/react ^ 👍");
    expect((await chat.session.history()).entries.slice(-3)).toMatchObject([
      { type: "edit", target: 1, text: "hello" },
      { type: "message", replyTo: 2, text: "hello, I meant" },
      { type: "react", target: 2, emoji: "👍", on: true },
    ]);
  });
});
