// Sharing the main thread: long work in short turns.

import { Turns } from "../../server/turns.js";
import { Works } from "../../server/works.js";
import { until } from "../support/until.js";

const busyFor = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end;);
};

describe("Works", () => {
  it("does a short work at once", () => {
    const done: number[] = [];
    new Works().openLane().add(
      (function* () {
        for (let n = 0; n < 3; n++) yield done.push(n);
      })(),
    );
    expect(done).toEqual([0, 1, 2]);
  });

  it("lets others have their turn between the steps of a long one, and keeps the order of works", async () => {
    const works = new Works().openLane();
    const done: string[] = [];
    let turns = 0;
    const counting = setInterval(() => turns++, 0);
    const work = function* (name: string, steps: number, ms: number) {
      for (let n = 0; n < steps; n++) {
        busyFor(ms);
        yield;
      }
      done.push(name);
    };
    works.add(work("long", 400, 0.25));
    works.add(work("next", 1, 0));
    expect(done).toEqual([]);
    await until(() => done.length === 2);
    clearInterval(counting);
    expect(done).toEqual(["long", "next"]);
    expect(turns).toBeGreaterThan(5);
  });

  it("has one turn's time for many short works together", async () => {
    const works = new Works().openLane();
    let done = 0;
    for (let n = 0; n < 40; n++) {
      works.add(
        (function* () {
          busyFor(1);
          done++;
          yield;
        })(),
      );
    }
    expect(done).toBeLessThan(40);
    await until(() => done === 40);
  });
});

describe("Works, in lanes", () => {
  it("lets no lane that is never done keep another waiting", async () => {
    const works = new Works();
    const [busy, other] = [works.openLane(), works.openLane()];
    const endless = { isOver: false };
    busy.add(
      (function* () {
        while (!endless.isOver) {
          busyFor(0.1);
          yield;
        }
      })(),
    );
    await other.do(() => undefined);
    await other.do(() => undefined);
    endless.isOver = true;
  });

  it("keeps the order of a lane's works", async () => {
    const works = new Works();
    const [lane, other] = [works.openLane(), works.openLane()];
    const done: string[] = [];
    const work = function* (name: string) {
      for (let n = 0; n < 10; n++) {
        busyFor(0.3);
        yield;
      }
      done.push(name);
    };
    for (const name of ["a", "b", "c"]) lane.add(work(name));
    other.add(work("other"));
    await lane.do(() => done.push("d"));
    expect(done.filter((name) => name !== "other")).toEqual(["a", "b", "c", "d"]);
    expect(done.indexOf("other")).toBeLessThan(done.indexOf("c"));
  });
});

describe("Turns", () => {
  it("lets everybody go at once while a turn has time, and the rest in later ones, in order", async () => {
    const turns = new Turns();
    const log: string[] = [];
    const taker = async (name: string, ms: number) => {
      for (let n = 0; n < 3; n++) {
        const turn = turns.next();
        if (turn !== undefined) await turn;
        log.push(name);
        busyFor(ms);
      }
    };
    const ticker = async () => {
      for (let n = 0; n < 8; n++) {
        await new Promise((resolve) => setImmediate(resolve));
        log.push("-");
      }
    };
    await Promise.all([taker("short", 0), taker("long", 6), taker("longer", 7), ticker()]);
    expect(log.slice(0, 4)).toEqual(["short", "short", "short", "long"]);
    const long = ["long", "long", "longer", "long", "longer", "longer"];
    expect(log.filter((name) => name.startsWith("long"))).toEqual(long);
    // Never two who take long in one turn; the first was none, it had only begun.
    expect(log.slice(log.indexOf("-")).join(" ")).not.toMatch(/long\S* long/);
  });
});
