import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";

// A portal of its own before a forge that can be changed: `cargo xtask test` says where both programs are.
const { END2END_SLIPWAY: slipway, END2END_FAKE_FORGE: fakeForge } = process.env;

test.describe.configure({ mode: "serial" });
test.skip(!slipway || !fakeForge, "END2END_SLIPWAY and END2END_FAKE_FORGE are not set");

let forge: string;
let portal: string;
let folder: string;
const started: ChildProcess[] = [];

/** Starts a program and gives the address that it prints first. */
async function start(program: string, args: string[]): Promise<string> {
  const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  for await (const line of createInterface({ input: child.stdout! })) return line.replace(/^.*(?=http)/, "");
  throw new Error(`${program} ended at once`);
}

/** Tells the fake what to be. */
async function tell(what: string, body: object) {
  const answer = await fetch(`${forge}/_fake/${what}`, { method: "POST", body: JSON.stringify(body) });
  expect(answer.ok, await answer.text()).toBe(true);
}

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-setup-"));
  forge = new URL(await start(fakeForge!, ["enterprise"])).origin;
  await tell("repositories", { owner: "acme", name: "orders" });
  await tell("tokens", { token: "ghp_full", login: "ada", scopes: ["repo"] });
  writeFileSync(join(folder, "token"), "ghp_full\n");
  const source = `[[source]]\nname = "acme"\nkind = "github"\norganisation = "acme"\nurl = "${forge}"\ntoken-file = "token"\n`;
  writeFileSync(join(folder, "slipway.toml"), `[server]\npublic-url = "https://portal.example.com"\n${source}`);
  portal = await start(slipway!, ["serve", "--data", "data", "--listen", "127.0.0.1:0"]);
});

test.afterAll(() => {
  started.forEach((child) => child.kill());
  rmSync(folder, { recursive: true, force: true });
});

test("what is missing is said with the place to click, and is there once it is given", async ({ page }) => {
  await page.goto(`${portal}/sources`);
  await page.getByRole("main").getByRole("link", { name: "Set-up" }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: "Set-up" })).toBeVisible();
  await page.getByRole("button", { name: "Check now" }).click();
  const acme = page.getByRole("region", { name: "acme" });
  const teams = acme.getByRole("listitem").filter({ hasText: "Teams" });
  await expect(teams).toContainText("tick read:org", { timeout: 25_000 });
  await expect(teams.getByRole("link", { name: /^Open at / })).toHaveAttribute("href", `${forge}/settings/tokens`);
  // The page has loaded itself anew while the look was on its way; without its style sheet it is as wide as it likes.
  await page.waitForLoadState("load");
  for (const width of [360, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, `wider than ${width} pixels`).toBeLessThanOrEqual(0);
  }
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((violation) => `${violation.id}: ${violation.nodes[0].target}`)).toEqual([]);

  await tell("tokens", { token: "ghp_full", login: "ada", scopes: ["repo", "read:org"] });
  await page.getByRole("button", { name: "Check again" }).click();
  await expect(teams).toContainText("It is given.", { timeout: 25_000 });
});

test("a GitHub App is made: choose, agree there, and copy the lines", async ({ page }) => {
  const blocked: string[] = [];
  page.on("console", (message) => message.type() === "error" && blocked.push(message.text()));
  await page.goto(`${portal}/sources/github-app`);
  await expect(page.getByLabel("Its name, as in addresses")).toHaveValue("acme");
  await expect(page.getByLabel("Read only")).toBeChecked();
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("heading", { name: /^Next: agree at / })).toBeVisible();
  await page.getByRole("button", { name: /^Continue at / }).click();

  await expect(page).toHaveURL(new RegExp(`^${forge}/organizations/acme/settings/apps/new`));
  await page.getByRole("button", { name: "Create GitHub App for acme" }).click();

  await expect(page.getByRole("status").or(page.locator(".flash"))).toContainText("The App is registered");
  await expect(page.getByRole("link", { name: "Install it" })).toHaveAttribute("href", /\/installations\/new$/);
  await expect(page.getByRole("group", { name: "Lines for slipway.toml" })).toContainText('app-id = "90001"');
  expect(await page.content()).not.toContain("PRIVATE KEY");
  expect(blocked.filter((text) => /Content Security Policy/.test(text))).toEqual([]);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((violation) => `${violation.id}: ${violation.nodes[0].target}`)).toEqual([]);
});
