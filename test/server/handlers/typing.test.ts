// `typing`: told to the others, and kept nowhere.

import { joinRoom } from "../../support/peer.js";
import { startServer } from "../../support/server.js";

async function three() {
  const { port } = await startServer();
  const [alice, bob, carol] = [
    await joinRoom(port, "alice"),
    await joinRoom(port, "bob"),
    await joinRoom(port, "carol", "other"),
  ];
  return { alice, bob, carol };
}

describe("typing", () => {
  it("is told to the others of the room, has no answer, and is no entry", async () => {
    const { alice, bob, carol } = await three();
    expect(await alice.answersTo({ type: "typing", id: "t" })).toEqual([]);
    expect(await bob.next("typing")).toEqual({ type: "typing", room: "lab", from: "alice" });
    expect(await bob.answersTo({ type: "history", id: "h" })).toMatchObject([{ count: 0 }]);
    await carol.answersTo();
    expect([...alice.all("typing"), ...carol.all("typing")]).toEqual([]);
  });

  it("is told before what is said next, and at most once a second", async () => {
    const { alice, bob } = await three();
    for (let n = 0; n < 20; n++) alice.send({ type: "typing" });
    alice.send({ type: "message", id: "m", text: "hi" });
    await bob.next("message");
    expect(
      bob.received
        .map(({ type }) => type)
        .filter((type) => type !== "presence")
        .slice(-2),
    ).toEqual(["typing", "message"]);
    expect(bob.all("typing")).toHaveLength(1);
  });

  it("with a person is told to that person alone", async () => {
    const { alice, bob, carol } = await three();
    expect(await alice.answersTo({ type: "typing", with: "carol" })).toEqual([]);
    expect(await carol.next("typing")).toEqual({ type: "typing", with: "alice", from: "alice" });
    expect(await alice.answersTo({ type: "typing", with: "alice" })).toEqual([]);
    await bob.answersTo();
    expect(bob.all("typing")).toEqual([]);
    // Nothing was said, so there is no conversation yet.
    expect(await carol.ask({ type: "directs", id: "l" })).toMatchObject({ directs: [] });
  });

  it.each([
    [{ room: "elsewhere" }, "not-in-room"],
    [{ room: "a/b" }, "bad-name"],
    [{ with: "nobody" }, "no-such-user"],
    [{ room: "lab", with: "bob" }, "bad-message"],
  ])("with %j is refused as %s", async (fields, code) => {
    const { alice } = await three();
    expect(await alice.answersTo({ type: "typing", id: "t", ...fields })).toMatchObject([{ code, id: "t" }]);
  });
});
