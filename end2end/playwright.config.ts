import { defineConfig, devices } from "@playwright/test";

// `cargo xtask test` starts the server and sets these; SLIPWAY_URL=http://127.0.0.1:3000 uses one that runs already.
const url = process.env.SLIPWAY_URL ?? "http://127.0.0.1:3000";
const executablePath = process.env.SLIPWAY_BROWSER || undefined;

export default defineConfig({
  testDir: "tests",
  globalSetup: "./ready.ts",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  forbidOnly: !!process.env.CI,
  retries: 0,
  timeout: 30_000,
  expect: { timeout: 10_000 },
  reporter: "list",
  use: {
    ...devices["Desktop Chrome"],
    baseURL: url,
    trace: "retain-on-failure",
    launchOptions: {
      executablePath,
      // Chromium refuses to be sandboxed as root, and only then is it left out.
      chromiumSandbox: process.env.SLIPWAY_NO_SANDBOX !== "1",
      args: ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
    },
  },
  projects: [
    { name: "scripts", use: { javaScriptEnabled: true } },
    {
      name: "no-scripts",
      testMatch: ["walk", "forms", "changes", "launch", "approvals", "access"].map((name) => `${name}.spec.ts`),
      use: { javaScriptEnabled: false },
    },
  ],
});
