// Tests run as CommonJS on the TypeScript sources; worker threads and the programs run from dist/,
// which `npm test` builds first. Types are checked by `tsc`, so here each file is only translated.
export default {
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  modulePathIgnorePatterns: ["<rootDir>/dist/"],
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  transform: {
    "\\.ts$": ["ts-jest", { tsconfig: "tsconfig.jest.json", diagnostics: false }],
  },
  // Most of the time somebody waits for a disk or a deadline: as many files at once as small machines have cores.
  maxWorkers: 2,
  testTimeout: 30_000,
};
