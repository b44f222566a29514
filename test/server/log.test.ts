import { calmLog } from "../../server/log.js";

describe("calmLog", () => {
  it("passes on ten errors a second and then says how many it left out", () => {
    const logged: [object, string][] = [];
    const log = {
      info: () => undefined,
      error: (facts: object, text: string) => void logged.push([facts, text]),
    };
    let nowMs = 5000;
    const calm = calmLog(log, () => nowMs);
    for (let count = 0; count < 25; count++) calm.error({ count }, "failed");
    expect(logged).toHaveLength(10);
    nowMs = 6000;
    calm.error({}, "failed");
    expect(logged.slice(10)).toEqual([
      [{ leftOut: 15 }, "errors of one second were left out"],
      [{}, "failed"],
    ]);
  });
});
