import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";
import { Talker, type Entry } from "../support/talker.js";

const roomCount = 20;
const membersPerRoom = 10;
const messagesPerMember = 250;
const inFlight = 8;

/** What one member was shown, checked as it comes. */
interface Member {
  readonly room: string;
  readonly seqs: number[];
  readonly foreign: string[];
  sent: number;
}

describe("20 rooms of 10 clients who all talk", () => {
  it("give each member each message of its room once, in order, and none of another's", async () => {
    const program = await startProgram(await temporaryFolder());
    const expectedPerRoom = membersPerRoom * messagesPerMember;
    const members: Member[] = [];
    const talkers: Talker[] = [];
    const done: Promise<void>[] = [];
    const ids = new Map<string, Set<string>>();

    for (let index = 0; index < roomCount * membersPerRoom; index++) {
      const room = `room-${index % roomCount}`;
      const member: Member = { room, seqs: [], foreign: [], sent: 0 };
      let finish: () => void = () => undefined;
      done.push(new Promise((resolve) => (finish = resolve)));
      const onEntry = (entry: Entry, talker: Talker) => {
        if (entry.room !== room) member.foreign.push(entry.line);
        member.seqs.push(entry.seq);
        if (entry.from === talker.name) say(talker, member);
        if (index < roomCount) ids.set(room, (ids.get(room) ?? new Set()).add(entry.id));
        if (member.seqs.length === expectedPerRoom) finish();
      };
      members.push(member);
      talkers.push(
        await Talker.open({ port: program.port, name: `member-${index}`, rooms: [room], onEntry }),
      );
    }
    talkers.forEach((talker, index) => {
      const member = members[index];
      for (let count = 0; member !== undefined && count < inFlight; count++) say(talker, member);
    });
    await Promise.all(done);

    const inOrder = Array.from({ length: expectedPerRoom }, (_, index) => index + 1);
    for (const member of members) {
      expect(member.foreign).toEqual([]);
      expect(member.seqs).toEqual(inOrder);
    }
    for (const said of ids.values()) expect(said.size).toBe(expectedPerRoom);
    for (const talker of talkers) talker.close();
    expect(await program.stop()).toBe(0);
  }, 180_000);
});

function say(talker: Talker, member: Member): void {
  if (member.sent === messagesPerMember) return;
  talker.send({ type: "message", id: `${talker.name}-${member.sent++}`, text: "x".repeat(100) });
}
