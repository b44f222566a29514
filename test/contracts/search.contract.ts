// What every RoomLog owes to who searches it: what a person types is words, and what is found is what is there now.

import type { RoomLog, SearchQuery } from "../../server/engine.js";
import { parsePersonName, parseRoomName, type Name } from "../../shared/names.js";
import { direct, edit, erase, lab, linesOf, react, share, text, topic } from "./drafts.js";
import type { OpenLog } from "./room-log.contract.js";

const other = parseRoomName("other");

type Asked = Partial<SearchQuery> & { readonly room?: Name };

/** Numbers of the entries that a query finds, in the order they come. */
async function found(log: RoomLog, words: string, { room = lab, ...query }: Asked = {}): Promise<number[]> {
  const answer = await log.search(room, { text: words, limit: 100, ...query });
  const lines = linesOf(answer.bytes);
  expect(answer.count).toBe(lines.length);
  return lines.map(({ seq }) => seq);
}

/** Numbers of those of some texts that a query finds, the lowest first. */
async function foundIn(open: () => Promise<OpenLog>, texts: readonly string[], words: string) {
  const { log } = await open();
  await log.append(
    lab,
    texts.map((words) => text(words)),
  );
  return (await found(log, words)).sort((a, b) => a - b);
}

export function searchContract(open: () => Promise<OpenLog>): void {
  describe("what is found", () => {
    contents(open);
  });
  describe("what is typed", () => {
    queries(open);
  });
  describe("what is asked for beside the words", () => {
    filters(open);
  });
}

function contents(open: () => Promise<OpenLog>): void {
  it("is there as soon as it was recorded, and no sooner for others", async () => {
    const { log } = await open();
    for (let seq = 1; seq <= 40; seq++) {
      expect(await found(log, `needle${seq}`)).toEqual([]);
      await log.append(lab, [text(`a needle${seq} in the hay`)]);
      expect(await found(log, `needle${seq}`)).toEqual([seq]);
    }
  });

  it("is there also behind very many that came with it", async () => {
    const { log } = await open();
    const hay = Array.from({ length: 10_000 }, (_, n) => log.append(lab, [text(`hay ${n}`)]));
    await Promise.all(hay);
    await log.append(lab, [text("needle")]);
    expect(await found(log, "needle")).toEqual([10_001]);
    expect(await found(log, "9999")).toEqual([10_000]);
  });

  it("is the line as it is read", async () => {
    const { log } = await open();
    await log.append(lab, [text("one"), text('two "quoted" \u2028 🙂', { id: "m" })]);
    const { bytes } = await log.search(lab, { text: "two", limit: 5 });
    const page = await log.read(lab, { after: 1, limit: 1 });
    expect(Buffer.from(bytes).toString()).toBe(Buffer.from(page.bytes).toString());
  });

  it("is what an edit says and not what it replaced, whatever was in the index by then", async () => {
    const { log } = await open();
    await log.append(lab, [text("apple"), text("apple too")]);
    expect(await found(log, "apple")).toEqual([2, 1]);
    await log.append(lab, [edit(1, "pear")]);
    expect(await found(log, "apple")).toEqual([2]);
    expect(await found(log, "pear")).toEqual([3]);
    await log.append(lab, [edit(1, "plum"), text("fig"), edit(6, "date"), edit(6, "fig again")]);
    expect(await found(log, "pear")).toEqual([]);
    expect(await found(log, "plum")).toEqual([4]);
    expect(await found(log, "fig")).toEqual([5]);
  });

  it("is nothing that was deleted, nor its edits", async () => {
    const { log } = await open();
    await log.append(lab, [text("apple"), edit(1, "pear"), share("plum.txt"), topic("fig")]);
    for (const fruit of ["pear", "plum", "fig"]) expect(await found(log, fruit)).toHaveLength(1);
    await log.append(lab, [erase(1), erase(3), erase(4), text("date"), erase(8)]);
    for (const fruit of ["apple", "pear", "plum", "fig", "date"]) expect(await found(log, fruit)).toEqual([]);
  });

  it("is a file by its name, a topic by its text, and no reaction", async () => {
    const { log } = await open();
    await log.append(lab, [share("Annual_Report-2026.pdf"), topic("budget plans"), react(1, "budget")]);
    expect(await found(log, "report")).toEqual([1]);
    expect(await found(log, "annual*")).toEqual([1]);
    expect(await found(log, "2026.pdf")).toEqual([1]);
    expect(await found(log, "pdf")).toEqual([1]);
    expect(await found(log, "budget")).toEqual([2]);
    expect(await found(log, "plain")).toEqual([]);
  });

  it("is of that room alone, and a conversation's in the conversation", async () => {
    const { log } = await open();
    const [ann, ben] = [parsePersonName("Ann"), parsePersonName("Ben")];
    const talk = { key: "/a/b", shown: "" };
    await log.append(lab, [text("apple here")]);
    await log.append(other, [text("pear"), text("apple there")]);
    await log.append(talk, [direct("apple between us", { from: ann, to: ben })]);
    expect(await found(log, "apple")).toEqual([1]);
    expect(await found(log, "apple", { room: parseRoomName("OTHER") })).toEqual([2]);
    const { bytes } = await log.search(talk, { text: "apple", limit: 5 });
    expect(linesOf(bytes)).toMatchObject([{ type: "direct", from: "Ann", to: "Ben" }]);
    expect(linesOf(bytes)[0]).not.toHaveProperty("room");
    expect(await found(log, "apple", { room: parseRoomName("nobody was here") })).toEqual([]);
  });

  it("is the same after a restart", async () => {
    const { log, reopen } = await open();
    await log.append(lab, [text("apple"), text("apple pie"), text("apple tart"), edit(1, "pear"), erase(3)]);
    await found(log, "apple");
    await log.append(lab, [text("apple last")]);
    const again = await reopen();
    expect(await found(again, "apple")).toEqual([6, 2]);
    expect(await found(again, "pear")).toEqual([4]);
    await again.append(lab, [edit(2, "cake")]);
    expect(await found(again, "apple")).toEqual([6]);
  });
}

function queries(open: () => Promise<OpenLog>): void {
  it.each<[string, string, number[]]>([
    ["one word", "apple", [1, 2, 3]],
    ["words that must all be there, in any order", "pie apple", [2]],
    ["a phrase", '"apple pie"', [2]],
    ["a phrase that is there the other way round", '"pie apple"', []],
    ["a phrase beside a word", '"an apple" day', [1]],
    ["a phrase that was not closed", '"apple pie', [2]],
    ["the beginning of a word", "app*", [1, 2, 3, 4]],
    ["the beginning of a word beside another", "app* store", [4]],
    ["the end of a word", "*ple", []],
    ["part of a word", "appl", []],
    ["nothing but quotes", '""""', []],
    ["nothing but blanks", "  ", []],
    ["nothing but signs", "?!... * -- () 🙂", []],
    ["a word among signs", "(apple)! & pie?", [2]],
    ["a word that is nowhere", "zebra", []],
    ["a word that is nowhere beside one that is", "apple zebra", []],
  ])("is %s", async (_what, query, expected) => {
    const texts = ["an apple a day", "apple pie", "pineapple, apple", "the app store"];
    expect(await foundIn(open, texts, query)).toEqual(expected);
  });

  it.each([
    ["AND", "cats AND dogs"],
    ["OR", "cats OR dogs"],
    ["NOT", "cats NOT dogs"],
    ["NEAR", "NEAR(cats dogs)"],
    ["a column", "text: cats"],
    ["a caret", "^cats"],
    ["a plus", "cats + dogs"],
    ["braces", "{text author}: cats"],
    ["a minus", "-cats"],
    ["a quote in a word", "it's"],
    ["a double quote in a word", 'a"b"c'],
    ["a backslash", "C:\\cats"],
    ["a percent sign and an underscore", "100% a_b"],
    ["a statement", "'); DROP TABLE docs; --"],
    ["an address", "alice@example.org"],
    ["a version", "v1.2.3-rc.1"],
  ])("has no operators: %s finds the text it is in, and not every text", async (_what, words) => {
    const texts = ["cats", "dogs", "text author", "something else", words];
    const numbers = await foundIn(open, texts, words);
    expect(numbers).toContain(5);
    expect(numbers).not.toContain(4);
    expect(numbers).not.toContain(2);
  });

  it.each<[string, string, string]>([
    ["capitals", "HELLO", "hello"],
    ["small letters", "straße", "STRAßE"],
    ["Greek with a final sigma", "ΟΔΟΣ", "οδος"],
    ["Cyrillic", "Привет", "ПРИВЕТ"],
    ["accents", "Café crème", "cafe CREME"],
    ["accents of their own", "cafe", "cafe\u0301"],
    ["accents put together", "cafe\u0301", "café"],
    ["an accent at the beginning", "Élan", "elan"],
    ["Vietnamese", "Tiếng Việt", "tieng viet"],
  ])("is compared without case and accents: %s", async (_what, said, query) => {
    expect(await foundIn(open, [said, "nothing of it"], query)).toEqual([1]);
  });

  it.each<[string, string, string]>([
    ["a word of Chinese", "我們明天去東京看櫻花", "東京"],
    ["one character", "我們明天去東京看櫻花", "櫻"],
    ["a phrase with blanks", "東京 タワー", '"東京 タワー"'],
    ["katakana with a long vowel", "コーヒーを飲む", "コーヒー"],
    ["katakana beside Latin letters", "コーヒーshop", "コーヒー"],
    ["Latin letters beside katakana", "コーヒーshop", "shop"],
    ["an iteration mark", "人々が来る", "人々"],
    ["what is written decomposed", "か\u3099くせい", "がくせい"],
    ["letters of another width", "ＡＢＣ ｶﾞｸｾｲ", "abc ガクセイ"],
    ["Korean put together", "\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국"],
    ["hiragana", "おはようございます", "ございます"],
    ["the beginning of a Japanese word", "東京都庁", "東京*"],
    ["Korean words", "안녕하세요 여러분", "여러분"],
    ["Thai", "สวัสดีครับ", "สวัสดี"],
    ["digits beside characters", "第3章の5頁", "3章"],
    ["two words of Japanese", "東京で寿司を食べた", "寿司 東京"],
  ])("finds in scripts without blanks %s", async (_what, said, query) => {
    expect(await foundIn(open, [said, "その他 misc", "東の京都"], query)).toEqual([1]);
  });

  it("may have a NUL or other controls in it, as may what is found", async () => {
    const texts = ["before\0after", "tab\there", "escape\u001b[31mred", "other"];
    for (const [query, expected] of [
      ["after", [1]],
      ["before", [1]],
      ["before\0after", [1]],
      ["here", [2]],
      ["tab\there", [2]],
      ["\0", []],
      ["oth\0er", []],
      ['"tab\0here"', [2]],
    ] as const) {
      expect([query, await foundIn(open, texts, query)]).toEqual([query, expected]);
    }
  });

  it("may be as long and as odd as it likes", async () => {
    const { log } = await open();
    await log.append(lab, [text("a b c")]);
    for (const query of [
      "a ".repeat(512),
      '"'.repeat(1023),
      "*".repeat(1024),
      "(".repeat(1024),
      `${"a".repeat(1023)}*`,
    ])
      expect(await found(log, query)).toEqual(query.startsWith("a ") ? [1] : []);
  });
}

function filters(open: () => Promise<OpenLog>): void {
  const numbers = (from: number, to: number) =>
    Array.from({ length: Math.abs(to - from) + 1 }, (_, n) => (from < to ? from + n : from - n));

  it("gives the newest first, so many, and says whether there are more", async () => {
    const { log } = await open();
    await log.append(
      lab,
      numbers(1, 30).map((n) => text(n % 2 === 0 ? "even apple" : "odd apple")),
    );
    const ask = async (query: Omit<SearchQuery, "text">) => {
      const { bytes, more } = await log.search(lab, { text: "apple", ...query });
      return { seqs: linesOf(bytes).map(({ seq }) => seq), more };
    };
    expect(await ask({ limit: 30 })).toEqual({ seqs: numbers(30, 1), more: false });
    expect(await ask({ limit: 29 })).toEqual({ seqs: numbers(30, 2), more: true });
    expect(await ask({ limit: 2, before: 20 })).toEqual({ seqs: [19, 18], more: true });
    expect(await ask({ limit: 20, after: 10, before: 13 })).toEqual({ seqs: [12, 11], more: false });
    expect(await ask({ limit: 20, after: 28 })).toEqual({ seqs: [30, 29], more: false });
    expect(await ask({ limit: 20, after: 30 })).toEqual({ seqs: [], more: false });
    expect(await ask({ limit: 20, before: 1 })).toEqual({ seqs: [], more: false });
    expect(await ask({ limit: 20, before: 0 })).toEqual({ seqs: [], more: false });
    expect(await ask({ limit: 20, after: 20, before: 10 })).toEqual({ seqs: [], more: false });
    const huge = Number.MAX_SAFE_INTEGER;
    expect(await ask({ limit: 1, before: huge })).toEqual({ seqs: [30], more: true });
    expect(await ask({ limit: 1, after: huge })).toEqual({ seqs: [], more: false });
    expect(await found(log, "odd", { before: 8, after: 3 })).toEqual([7, 5]);
  });

  it("ends a page of large entries early, and says so", async () => {
    const { log } = await open();
    for (let n = 0; n < 40; n++) await log.append(lab, [text(`apple ${"x".repeat(16_000)}`)]);
    const first = await log.search(lab, { text: "apple", limit: 100 });
    expect(first).toMatchObject({ more: true });
    const lowest = linesOf(first.bytes).at(-1)?.seq ?? 0;
    const second = await log.search(lab, { text: "apple", limit: 100, before: lowest });
    const third = await log.search(lab, {
      text: "apple",
      limit: 100,
      before: linesOf(second.bytes).at(-1)?.seq ?? 0,
    });
    expect([first, second, third].flatMap(({ bytes }) => linesOf(bytes).map(({ seq }) => seq))).toEqual(
      numbers(40, 1),
    );
    expect(third.more).toBe(false);
  });

  it("finds what one person said, by the name however it is written, and no word of that name", async () => {
    const { log } = await open();
    await log.append(lab, [
      ...[
        text("apple", { sender: "Ann" }),
        text("apple by ANN", { sender: "Ben" }),
        text("pear", { sender: "ANN" }),
      ],
      ...[share("apple.txt", { sender: "Ann" }), edit(3, "apple after all", { sender: "ANN" })],
    ]);
    const from = (name: string) => found(log, "apple", { from: parsePersonName(name) });
    expect(await from("Ann")).toEqual([5, 4, 1]);
    expect(await from("ＡＮＮ")).toEqual([5, 4, 1]);
    expect(await from("Ben")).toEqual([2]);
    expect(await from("An")).toEqual([]);
    expect(await from("OR")).toEqual([]);
    expect(await found(log, "ann")).toEqual([2]);
  });
}
