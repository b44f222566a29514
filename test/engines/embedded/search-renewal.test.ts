// That the search index takes no more of the disk than what it has, when most of it was pruned.

import { statSync } from "node:fs";
import { join } from "node:path";
import { makeSearchIndex, type SearchIndex } from "../../../server/engines/embedded/search-index.js";
import { SearchRenewal } from "../../../server/engines/embedded/search-renewal.js";
import { cleanUp } from "../../support/cleanup.js";
import { temporaryFolder } from "../../support/server.js";

const documents = 40_000;
const MiB = 2 ** 20;

/** Each document has words that many have, and one of its own. */
function fill(index: SearchIndex): void {
  index.inTransaction(() => {
    for (let seq = 1; seq <= documents; seq++) {
      const words = Array.from({ length: 12 }, (_, n) => `word${(seq * (n + 7)) % 3000}`);
      index.add(1, seq, { text: `${words.join(" ")} only${seq}`, from: "alice" });
    }
    index.setIndexed(1, { epoch: "one", seq: documents, pruned: 0 });
  });
}

/** Takes out all but the last hundred, as the log's entries go. */
function prune(index: SearchIndex, renewal: SearchRenewal): void {
  const to = documents - 100;
  for (let count = 1; count > 0;) {
    count = index.inTransaction(() => index.prune(1, { from: 0, to, limit: 1000 }));
    renewal.pruned(count);
  }
  index.inTransaction(() => {
    index.setIndexed(1, { epoch: "one", seq: documents, pruned: to });
  });
}

function find(index: SearchIndex, word: string): readonly number[] {
  return index.find(`"${word}"`, { roomId: 1, from: 1, to: documents, limit: 10 }).seqs;
}

describe("SearchRenewal", () => {
  it("gives the space of what was pruned back, once nothing more goes, and never takes more meanwhile", async () => {
    const path = join(await temporaryFolder(), "search.db");
    const index = makeSearchIndex(path);
    cleanUp(() => {
      index.close();
      return Promise.resolve();
    });
    fill(index);
    index.checkpoints.purge();
    const before = statSync(path).size;
    let nowMs = 0;
    const renewal = new SearchRenewal(index, () => nowMs);
    prune(index, renewal);
    for (let n = 0; n < 10; n++) expect(renewal.step()).toBe(true);
    expect(find(index, `only${documents}`)).toEqual([documents]);
    nowMs = 60_000;
    for (let more = true; more;) {
      more = renewal.step();
      index.checkpoints.purge();
      expect(statSync(path).size).toBeLessThan(1.1 * before);
    }
    expect(before).toBeGreaterThan(8 * MiB);
    expect(statSync(path).size).toBeLessThan(5 * MiB);
    expect(find(index, `only${documents}`)).toEqual([documents]);
    expect(find(index, "only1")).toEqual([]);
  });

  it("leaves an index alone of which little was pruned", async () => {
    const index = makeSearchIndex(join(await temporaryFolder(), "search.db"));
    cleanUp(() => {
      index.close();
      return Promise.resolve();
    });
    fill(index);
    const renewal = new SearchRenewal(index, () => 0);
    renewal.pruned(5000);

    expect(renewal.step()).toBe(false);
  });
});
