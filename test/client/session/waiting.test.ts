// What is unanswered is bounded, whether there is a connection or not, and order is kept.

import { maxWaitingRequests } from "../../../client/session/waiting.js";
import { message } from "../fake-server.js";
import { back, stateOf, talk } from "../lasting-talk.js";

const tooMany = maxWaitingRequests + 500;

describe("More than may be unanswered, on a connection", () => {
  it("waits for its turn, and is sent in the order asked, the goodbye last", async () => {
    const { session, peer } = await talk();
    const said = Array.from({ length: tooMany }, (_, n) => session.say(String(n), "lab"));
    expect(session.waitingCount).toBe(0);
    const closing = session.close();
    for (let n = 0; n < tooMany; n++) {
      const { id, text } = await peer.next("message");
      expect(text).toBe(String(n));
      if (n === 0) expect(peer.received.length).toBeLessThanOrEqual(maxWaitingRequests + 1);
      peer.say(message(41 + n, "alice", { id }));
    }
    await peer.sayBye();
    expect((await Promise.all(said)).map(({ seq }) => seq)).toEqual(said.map((_, n) => 41 + n));
    await closing;
  });

  it("fails when the connection is lost, and so does what is asked then; the rest is sent again", async () => {
    const { server, session, peer } = await talk();
    const said = Array.from({ length: tooMany }, (_, n) => session.say(String(n), "lab"));
    const late = Promise.allSettled(said.slice(maxWaitingRequests));
    const lost = stateOf(session, "disconnected");
    peer.socket.destroy();
    await lost;
    expect(session.waitingCount).toBe(maxWaitingRequests);
    await expect(session.say("x")).rejects.toMatchObject({ code: "not-sent" });
    for (const outcome of await late) expect(outcome).toMatchObject({ reason: { code: "not-sent" } });
    const next = await back(server);
    await next.letIn({ name: "alice", head: 40 });
    for (let n = 0; n < maxWaitingRequests; n++) {
      const { id, text } = await next.next("message");
      expect(text).toBe(String(n));
      next.say(message(41 + n, "alice", { id }));
    }
    await Promise.all(said.slice(0, maxWaitingRequests));
  });

  it("can be stopped while it waits, and is not sent", async () => {
    const { session, peer } = await talk();
    const stop = new AbortController();
    const reason = new Error("enough");
    const said = Array.from({ length: maxWaitingRequests }, (_, n) => session.say(String(n), "lab"));
    const stopped = expect(session.say("no", "lab", { signal: stop.signal })).rejects.toBe(reason);
    stop.abort(reason);
    await stopped;
    for (let n = 0; n < maxWaitingRequests; n++) {
      const { id } = await peer.next("message");
      peer.say(message(41 + n, "alice", { id }));
    }
    await Promise.all(said);
    const after = session.say("yes", "lab");
    const { id, text } = await peer.next("message");
    expect(text).toBe("yes");
    peer.say(message(2_000, "alice", { id }));
    await after;
  });
});
