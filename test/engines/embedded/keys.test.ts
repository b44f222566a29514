// What a hash alone must never decide: keys that meet in one hash, in memory and in segments.

import { openForWriting, type Database } from "../../../server/engines/embedded/database.js";
import { KeyGroup, segmentOf } from "../../../server/engines/embedded/key-group.js";
import { KeyTail, type Place } from "../../../server/engines/embedded/key-tail.js";
import { openKeys, type Key, type Keys } from "../../../server/engines/embedded/keys.js";
import { migrate } from "../../../server/engines/embedded/migration.js";
import { cleanUp } from "../../support/cleanup.js";
import { runSeed, seededRandom } from "../../support/random.js";
import { temporaryFolder } from "../../support/server.js";

const windowMs = 1000;

describe("Keys that meet in one hash", () => {
  it.each([
    ["unsealed", 100],
    ["sealed", 1],
  ])("are told apart by their entries, %s", async (_, segmentEntries) => {
    const { database, keys } = await open(segmentEntries);
    const said = [
      { roomId: 1, sender: "alice", id: "m1" },
      { roomId: 1, sender: "bob", id: "m1" },
      { roomId: 1, sender: "alice", id: "m2" },
      { roomId: 2, sender: "alice", id: "m1" },
    ];
    said.forEach((key, n) => {
      add({ database, keys }, { hash: 7, ...key }, n + 1);
    });
    keys.tidy(1000);
    said.forEach((key, n) => {
      expect(keys.find({ hash: 7, ...key }, 1000)).toMatchObject({ roomId: key.roomId, seq: n + 1 });
    });
    expect(keys.find({ hash: 7, roomId: 2, sender: "bob", id: "m1" }, 1000)).toBeUndefined();
    expect(keys.find({ hash: 7, roomId: 3, sender: "alice", id: "m1" }, 1000)).toBeUndefined();
    expect(keys.find({ hash: 8, roomId: 1, sender: "alice", id: "m1" }, 1000)).toBeUndefined();
  });

  it("are of no account once the entry is gone or the window has passed", async () => {
    const { database, keys } = await open(100);
    const key = { hash: 7, roomId: 1, sender: "alice", id: "m1" };
    add({ database, keys }, key, 1);
    expect(keys.find(key, 1000 + windowMs - 1)).toMatchObject({ seq: 1 });
    expect(keys.find(key, 1000 + windowMs)).toBeUndefined();
    database.exec("DELETE FROM entries");
    expect(keys.find(key, 1000)).toBeUndefined();
  });

  it("hold nothing of what was rolled back, and all of what was not", async () => {
    const { database, keys } = await open(100);
    const kept = { hash: 7, roomId: 1, sender: "alice", id: "m1" };
    const undone = { ...kept, id: "m2" };
    add({ database, keys }, kept, 1);
    insert(database, undone, 2);
    keys.add({ roomId: 1, seq: 2 }, undone, 1000);
    expect(keys.find(undone, 1000)).toMatchObject({ seq: 2 });
    keys.rollback();
    expect(keys.find(undone, 1000)).toBeUndefined();
    expect(keys.find(kept, 1000)).toMatchObject({ seq: 1 });
  });

  it("have the secret, the room, the sender and the id in their hash", async () => {
    const { keys } = await open(100);
    const others = await open(100);
    const hash = keys.keyOf(1, "alice", "m1").hash;
    expect(keys.keyOf(1, "alice", "m1").hash).toBe(hash);
    expect(keys.keyOf(2, "alice", "m1").hash).not.toBe(hash);
    expect(keys.keyOf(1, "bob", "m1").hash).not.toBe(hash);
    expect(keys.keyOf(1, "alice", "m2").hash).not.toBe(hash);
    expect(others.keys.keyOf(1, "alice", "m1").hash).not.toBe(hash);
  });
});

describe("KeyTail", () => {
  it("finds and sorts what was added and not taken back", () => {
    const seed = runSeed();
    console.info(`seed ${seed}`);
    const random = seededRandom(seed);
    const tail = new KeyTail();
    const kept: { hash: number; seq: number }[] = [];
    for (let seq = 1; seq <= 5000; seq++) {
      // A few hashes, so that they meet, from the whole range.
      const hash = Math.floor(random() * 1500) * 2_863_311 + 7;
      tail.add(hash, { roomId: 1, seq });
      kept.push({ hash, seq });
      if (seq % 100 !== 0) continue;
      kept.length -= 30;
      tail.truncate(tail.count - 30);
    }
    expect(tail.count).toBe(kept.length);
    for (const { hash } of kept) {
      const seqs = kept.filter((each) => each.hash === hash).map(({ seq }) => seq);
      expect(placesOf(tail, hash)).toEqual(seqs.reverse().map((seq) => ({ roomId: 1, seq })));
    }
    const { hashes, places } = tail.sorted();
    expect([...hashes]).toEqual(kept.map(({ hash }) => hash).sort((a, b) => a - b));
    const seqs = [...hashes].map((hash, n) => ({ hash, seq: places[2 * n + 1] ?? 0 }));
    expect(seqs.sort((a, b) => a.seq - b.seq)).toEqual(kept);
  });
});

describe("KeyGroup", () => {
  it("looks at every place of a hash, the newest segment first, and at no other", () => {
    const group = new KeyGroup();
    const top = 2 ** 32 - 1;
    group.add(segmentOf({ id: 1, newestMs: 10, hashes: Uint32Array.of(0, 0, 5, top) }));
    group.add(segmentOf({ id: 2, newestMs: 20, hashes: Uint32Array.of(5, 6, top, top) }));
    const looks = (hash: number) => {
      const places: string[] = [];
      group.find(hash, ({ id }, at) => void places.push(`${id}:${at}`));
      return places;
    };
    expect(looks(0)).toEqual(["1:0", "1:1"]);
    expect(looks(5)).toEqual(["2:0", "1:2"]);
    expect(looks(top)).toEqual(["2:2", "2:3", "1:3"]);
    expect(looks(7)).toEqual([]);
    expect(group.expire(10).map(({ id }) => id)).toEqual([1]);
    expect(looks(5)).toEqual(["2:0"]);
    expect(group.isEmpty).toBe(false);
    expect(group.expire(20).map(({ id }) => id)).toEqual([2]);
    expect(group.isEmpty).toBe(true);
  });

  it("has room for so many keys that its bitmap still tells something", () => {
    const group = new KeyGroup();
    const segment = segmentOf({ id: 1, newestMs: 10, hashes: new Uint32Array(2 ** 20) });
    for (let added = 0; added < 2; added++) {
      expect(group.hasRoomFor(segment)).toBe(true);
      group.add(segment);
    }
    expect(group.hasRoomFor(segment)).toBe(false);
  });
});

async function open(segmentEntries: number): Promise<{ database: Database; keys: Keys }> {
  const path = `${await temporaryFolder()}/roomline.db`;
  const database = openForWriting(path);
  // eslint-disable-next-line @typescript-eslint/require-await -- cleaning up is asynchronous, SQLite is not
  cleanUp(async () => {
    database.close();
  });
  migrate(database, path);
  for (const room of [1, 2, 3])
    database
      .prepare("INSERT INTO rooms (id, key, name, epoch) VALUES (?, ?, '', '')")
      .run(room, String(room));
  return { database, keys: openKeys(database, { windowMs, segmentEntries }) };
}

function add({ database, keys }: { database: Database; keys: Keys }, key: Key, seq: number): void {
  insert(database, key, seq);
  keys.add({ roomId: key.roomId, seq }, key, 1000);
  keys.commit();
}

function insert(database: Database, { roomId, sender, id }: Key, seq: number): void {
  const entry =
    "INSERT INTO entries (room, seq, time, type, sender, id, body) VALUES (?, ?, 1000, 'message', ?, ?, '')";
  database.prepare(entry).run(roomId, seq, sender, id);
}

function placesOf(tail: KeyTail, hash: number): Place[] {
  const places: Place[] = [];
  tail.find(hash, (place) => void places.push(place));
  return places;
}
