// Tests run as CommonJS on the TypeScript sources; worker threads and the programs run from dist/,
// which `npm test` builds first. Types are checked by `tsc`, so here each file is only translated.

/** Packages that are ES modules only, and translated like our own. */
const esModules = ["fast-string-truncated-width"];
const translate = ["ts-jest", { tsconfig: "tsconfig.jest.json", diagnostics: false }];

export default {
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  modulePathIgnorePatterns: ["<rootDir>/dist/"],
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  transform: { "\\.ts$": translate, [`/node_modules/(${esModules.join("|")})/.*\\.js$`]: translate },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules.join("|")})/)`],
  // Most of the time somebody waits for a disk or a deadline: as many files at once as small machines have cores.
  maxWorkers: 2,
  testTimeout: 30_000,
};
