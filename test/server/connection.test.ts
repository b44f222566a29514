// What a connection does with whatever lines come: HOSTILE L1 and L3, and the order of effects and answers.

import { joinRoom, openPeer, type Answer } from "../support/peer.js";
import { startServer } from "../support/server.js";

const text = (line: string | Buffer) => Buffer.concat([Buffer.from(line), Buffer.from("\n")]);

/** The error lines among answers, as "code" or "code id". */
const errors = (answers: readonly Answer[]) =>
  answers.map(({ type, code, id }) => [type === "error" ? code : type, id].filter(Boolean).join(" "));

describe("Connection", () => {
  it("answers a half-closed peer completely, then says bye", async () => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    peer.socket.end(
      '{"type":"connect","name":"al","room":"lab"}\n{"type":"message","id":"m","text":"hi"}\n{"type":"history"}',
    );
    await peer.ended;
    const types = peer.received.map(({ type }) => type);
    expect(types).toEqual(["connected", "joined", "message", "history", "message", "bye"]);
  });

  it("records what came from a peer that closed right behind it, as scripts do", async () => {
    const { port } = await startServer();
    const witness = await joinRoom(port, "witness");
    const peer = await openPeer(port);
    const requests = [
      { type: "connect", name: "script", room: "new room" },
      { type: "join", room: "lab" },
      { type: "upload", room: "lab", name: "log", data: "aGVsbG8=" },
      { type: "message", room: "lab", text: "done" },
    ];
    peer.send(requests.map((request) => `${JSON.stringify(request)}\n`).join(""));
    peer.socket.destroySoon();
    expect(await witness.next("file")).toMatchObject({ from: "script", seq: 1 });
    expect(await witness.next("message")).toMatchObject({ from: "script", seq: 2, text: "done" });
    await witness.answersTo({ type: "message", text: "and gone" });
    expect(
      await openPeer(port).then((next) => next.ask({ type: "connect", id: "c", name: "script" })),
    ).toMatchObject({
      type: "connected",
    });
  });

  it("delivers what one says to all in the room, the sender included", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    alice.send({ type: "message", id: "m1", text: "hi" });
    const mine = await alice.next("message");
    expect(mine).toMatchObject({ room: "lab", seq: 1, from: "alice", id: "m1", text: "hi" });
    expect(await bob.next("message")).toEqual(mine);
  });

  it("answers a thousand messages that come in one packet once each and in order", async () => {
    const { port } = await startServer();
    const alice = await joinRoom(port, "alice");
    const bob = await joinRoom(port, "bob");
    const ids = Array.from({ length: 1000 }, (_, n) => `m${n}`);
    alice.send(ids.map((id) => `{"type":"message","id":"${id}","text":"${id}"}\n`).join(""));
    for (const peer of [alice, bob]) {
      await peer.next(({ id }) => id === "m999");
      const entries = peer.all("message");
      expect(entries.map(({ id }) => id)).toEqual(ids);
      expect(entries.map(({ seq }) => seq)).toEqual(ids.map((_, n) => n + 1));
    }
  });

  it("refuses everything but connect, ping and quit from one who is not connected", async () => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    const asked = [
      { type: "join", room: "lab" },
      { type: "leave" },
      { type: "message", text: "hi" },
      { type: "history" },
      { type: "users" },
      { type: "rooms" },
      { type: "files" },
      { type: "upload", name: "a", data: "" },
      { type: "chunk", upload: "a", offset: 0, data: "" },
      { type: "finish", upload: "a" },
      { type: "cancel" },
      { type: "download", name: "a" },
    ].map((request, n) => ({ ...request, id: `r${n}` }));
    const answers = await peer.answersTo(...asked);
    expect(errors(answers)).toEqual(asked.map(({ id }) => `not-connected ${id}`));
    expect(await peer.ask({ type: "connect", id: "c", name: "al" })).toMatchObject({ type: "connected" });
  });

  it("takes no request that comes behind quit", async () => {
    const { port } = await startServer();
    const bob = await joinRoom(port, "bob");
    const alice = await joinRoom(port, "alice");
    alice.send('{"type":"message","text":"1"}\n{"type":"quit","id":"q"}\n{"type":"message","text":"2"}\n');
    await alice.ended;
    expect(alice.received.at(-1)).toEqual({ type: "bye", retry: false, id: "q" });
    const said = await bob.answersTo({ type: "message", text: "3" });
    expect(bob.all("message").map((entry) => entry.text)).toEqual(["1", "3"]);
    expect(said.length).toBeGreaterThan(0);
  });
});

describe("Connection, given a line that is no request", () => {
  const deep = "[".repeat(10_000) + "]".repeat(10_000);
  const deepObject = '{"a":'.repeat(10_000) + "1" + "}".repeat(10_000);

  async function codesFor(lines: readonly (string | Buffer)[]): Promise<string[]> {
    const { port } = await startServer();
    const bystander = await joinRoom(port, "bystander");
    const peer = await joinRoom(port, "peer");
    const codes: string[] = [];
    for (const line of lines) codes.push(errors(await peer.answersTo(text(line))).join(", "));
    peer.send({ type: "message", id: "good", text: "still here" });
    expect(await bystander.next("message")).toMatchObject({ seq: 1, id: "good" });
    return codes;
  }

  const badLines: (string | Buffer)[] = [
    "nope",
    "null",
    "42",
    "[]",
    '"x"',
    "true",
    " ",
    "\t \t",
    "{",
    '{"type":"ping"',
    '{"type":"ping"} x',
    '{"type":"ping"}{"type":"ping"}',
    "{'type':'ping'}",
    '\ufeff{"type":"ping"}',
    "\ufeff",
    "\0",
    deep,
    "[".repeat(100_000),
    '{"a":'.repeat(20_000),
    '{"type":"message","text":"raw \0 inside"}',
    Buffer.from([...Buffer.from('{"type":"ping","id":"'), 0xff, ...Buffer.from('"}')]),
    Buffer.from([...Buffer.from('{"type":"ping","id":"'), 0xc0, 0xaf, ...Buffer.from('"}')]),
    Buffer.from([...Buffer.from('{"type":"ping","id":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')]),
    Buffer.from([...Buffer.from('{"type":"ping","id":"'), 0xe2, 0x82, ...Buffer.from('"}')]),
  ];

  it("answers each with one bad-line", async () => {
    expect(await codesFor(badLines)).toEqual(badLines.map(() => "bad-line"));
  });

  it("answers each unknown type with one unknown-type and its id", async () => {
    const types = ["__proto__", "constructor", "toString", "hasOwnProperty", "", "MESSAGE", "joined", "\0"];
    const lines = types.map((type) => JSON.stringify({ type, id: "x" }));
    expect(await codesFor(lines)).toEqual(types.map(() => "unknown-type x"));
  });

  it("answers a field of the wrong kind with one bad-message and the id", async () => {
    const lines = [
      '{"id":"x"}',
      '{"id":"x","type":null}',
      '{"id":"x","type":["ping"]}',
      '{"id":"x","type":{"ping":1}}',
      deepObject.replace("{", '{"id":"x",'),
      '{"id":"x","type":"message"}',
      '{"id":"x","type":"message","text":null}',
      '{"id":"x","type":"message","text":""}',
      '{"id":"x","type":"message","text":1}',
      `{"id":"x","type":"message","text":${deep}}`,
      '{"id":"x","type":"message","text":"\\ud800"}',
      '{"id":"x","type":"message","text":"\\udc00\\ud800"}',
      '{"id":"x","type":"message","text":"hi","room":null}',
      '{"id":"x","type":"message","text":"hi","room":["lab"]}',
      '{"id":"x","type":"message","__proto__":{"text":"inherited"}}',
      '{"id":"x","type":"join","room":"\\ud83d"}',
      '{"id":"x","type":"upload","name":"a","data":1}',
      '{"id":"x","type":"upload","name":"a","size":1,"sha256":"abc"}',
      '{"id":"x","type":"download"}',
      '{"id":"x","type":"download","name":"a","file":"b"}',
      '{"id":"x","type":"history","after":1,"before":3}',
    ];
    expect(await codesFor(lines)).toEqual(lines.map(() => "bad-message x"));
  });

  it("answers an id that is none with one bad-message without id", async () => {
    const ids = ['""', "1", "null", "{}", '"\\u0000"', '"\\u001b[2J"', '"\\u0085"', '"\\ud800"'];
    const lines = [...ids, JSON.stringify("x".repeat(65))].map((id) => `{"type":"ping","id":${id}}`);
    expect(await codesFor(lines)).toEqual(lines.map(() => "bad-message"));
  });

  it("keeps an id of 64 characters exactly, whatever they are", async () => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    for (const id of ["😀".repeat(64), "__proto__", 'a"b\\c</script>', "\u202e\u200b ", "İ"])
      expect(await peer.ask({ type: "ping", id })).toMatchObject({ type: "pong", id });
  });

  it("takes the last of duplicate keys and ignores __proto__ and unknown fields", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    peer.send(
      '{"type":"quit","type":"message","text":"first","text":"last","__proto__":{"polluted":true},' +
        '"constructor":{"prototype":{"polluted":true}},"seq":99,"from":"root","time":"never"}\n',
    );
    const entry = await peer.next("message");
    expect(entry).toEqual({
      type: "message",
      room: "lab",
      seq: 1,
      time: entry.time,
      from: "peer",
      text: "last",
    });
    expect("polluted" in {}).toBe(false);
  });
});

describe("Connection, given a number that is none", () => {
  const notWhole = ["-1", "1.5", "-0", "1e400", "-1e400", "9007199254740992", "9007199254740993", "1e16"];
  const noNumbers = [...notWhole, '"1"', "null", "true", "[1]", "{}"];
  const fields: [string, string, readonly string[]][] = [
    ["after", '"type":"history"', noNumbers],
    ["before", '"type":"history"', noNumbers],
    ["limit", '"type":"history"', [...noNumbers, "0"]],
    ["limit", '"type":"users"', [...noNumbers, "0"]],
    ["after", '"type":"files"', [...noNumbers, "0"]],
    ["replyTo", '"type":"message","text":"hi"', [...noNumbers, "0"]],
    ["size", '"type":"upload","name":"a"', noNumbers],
    ["offset", '"type":"chunk","upload":"u","data":"aGk="', noNumbers],
    ["offset", '"type":"download","name":"a"', noNumbers],
    ["version", '"type":"download","name":"a"', [...noNumbers, "0"]],
  ];

  it.each(fields)(
    "answers each %s of {%s} with one bad-message and its id",
    async (field, others, values) => {
      const { port } = await startServer();
      const peer = await joinRoom(port, "peer");
      const lines = values.map((value, n) => `{${others},"id":"x${n}","${field}":${value}}\n`);
      expect(errors(await peer.answersTo(...lines))).toEqual(values.map((_, n) => `bad-message x${n}`));
      expect(await peer.ask({ type: "history", id: "h" })).toMatchObject({ count: 0 });
    },
  );

  it("refuses a protocol that is no number before it claims the name", async () => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    const lines = noNumbers.map((value) => `{"type":"connect","id":"c","name":"al","protocol":${value}}\n`);
    expect(errors(await peer.answersTo(...lines))).toEqual(lines.map(() => "bad-message c"));
    expect(await peer.ask({ type: "connect", id: "ok", name: "al" })).toMatchObject({ name: "al" });
  });
});
