// Caps of an address (HOSTILE L5). Tests talk over loopback only, which is never capped: so the count is tested here
// by itself, and on a real port only that loopback is let in.

import { Addresses, isLoopback } from "../../server/addresses.js";
import { openPeer } from "../support/peer.js";
import { startServer } from "../support/server.js";

describe("Addresses", () => {
  it("let in so many of each, and another when one has gone", () => {
    const addresses = new Addresses(2);
    const leave = addresses.enter("192.0.2.1");
    expect(addresses.enter("192.0.2.1")).toBeDefined();
    expect(addresses.enter("192.0.2.1")).toBeUndefined();
    expect(addresses.enter("192.0.2.2")).toBeDefined();
    leave?.();
    expect(addresses.enter("192.0.2.1")).toBeDefined();
    expect(addresses.enter("192.0.2.1")).toBeUndefined();
  });

  it.each([
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"],
    ["2001:db8::1", "2001:db8:0:0:5::"],
    ["192.0.2.1", "::ffff:192.0.2.1"],
  ])("count %s and %s as one", (one, other) => {
    const addresses = new Addresses(1);
    expect(addresses.enter(one)).toBeDefined();
    expect(addresses.enter(other)).toBeUndefined();
    expect(addresses.enter("2001:db8:1:3::1")).toBeDefined();
  });

  it.each(["127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"])("never count %s", (address) => {
    const addresses = new Addresses(0);
    expect(isLoopback(address)).toBe(true);
    expect(addresses.enter(address)).toBeDefined();
  });

  it.each(["128.0.0.1", "10.127.0.0", "::2", "::ffff:10.0.0.1", "", "127.0.0.1.example"])(
    "count %s",
    (address) => {
      expect(isLoopback(address)).toBe(false);
      expect(new Addresses(0).enter(address)).toBeUndefined();
    },
  );
});

describe("A server with a cap for each address", () => {
  it("lets in everybody from its own machine", async () => {
    const { port } = await startServer({ maxPerAddress: 1 });
    const peers = await Promise.all([1, 2, 3].map(() => openPeer(port)));
    for (const peer of peers) {
      expect(await peer.ask({ type: "ping", id: "p" })).toMatchObject({ type: "pong" });
    }
  });
});
