import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { freePort, synced } from "./forge";

// Against a demo of its own, whose repositories are changed. Runs twice: with scripts and without (playwright.config.ts).
test.describe.configure({ mode: "serial" });

const SLIPWAY = process.env.END2END_SLIPWAY!;

let server: ChildProcess;
let url: string;
let folder: string;
let repository: string;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  folder = mkdtempSync(join(tmpdir(), "slipway-access-"));
  url = `http://127.0.0.1:${await freePort()}`;
  const data = join(folder, "data");
  const serve = ["serve", "--demo", "--data", data, "--listen", new URL(url).host];
  server = spawn(SLIPWAY, serve, { stdio: ["ignore", "ignore", "inherit"] });
  await synced(url);
  repository = join(data, "demo", "berth-planner");
});

test.afterAll(() => {
  server?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** What a pipeline would run: exit code and output. */
function check(file: string): { code: number | null; said: string } {
  const done = spawnSync(SLIPWAY, ["access", "check", file, "--portal", url, "--environment", "production"], { encoding: "utf8" });
  return { code: done.status, said: done.stdout + done.stderr };
}

function git(...args: string[]) {
  const who = ["-c", "user.name=Joris de Vries", "-c", "user.email=joris.devries@harbourline.example"];
  execFileSync("git", ["-C", repository, ...who, ...args], { stdio: "pipe" });
}

async function be(page: Page, user: string) {
  await page.context().clearCookies();
  await page.goto(`${url}/sign-in`);
  await page.locator(`button[value="user:default/${user}"]`).click();
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Inbox" })).toBeVisible();
}

/** Lets the portal read what was committed. */
async function sync() {
  const { job } = await (await fetch(`${url}/api/v1/sync`, { method: "POST" })).json();
  const state = async () => (await (await fetch(`${url}/api/v1/jobs/${job}`)).json()).state;
  await expect.poll(state, { timeout: 20_000 }).toBe("succeeded");
}

test("a scope is asked for by a pull request, approved, used and revoked", async ({ page, javaScriptEnabled }) => {
  test.setTimeout(90_000);
  const file = join(repository, "access.yaml");
  expect(check(file), "as it is").toMatchObject({ code: 0 });
  // The branch of a pull request: the pipeline says that it was never asked for, and who would decide.
  const asked = `${readFileSync(file, "utf8")}  - api: api:default/ledger-api
    scopes: [ledger.balance.read]
    environments: [production]
    justification: Who owes harbour dues lies at the far berth.
`;
  const branch = join(folder, "access.yaml");
  writeFileSync(branch, asked);
  let done = check(branch);
  expect(done.code, done.said).toBe(1);
  expect(done.said).toContain("ledger");

  // It is merged; the owners are asked.
  writeFileSync(file, asked);
  git("commit", "-qam", "Need the balance");
  await sync();
  await be(page, "joris.devries");
  await page.goto(`${url}/access`);
  await page.getByRole("link", { name: /^Look closer ?: berth-planner and ledger-api$/ }).click();
  await expect(page.getByRole("main")).toContainText("Nobody approves what they have asked for themselves");
  await expect(page.getByRole("button", { name: "Approve" })).toHaveCount(0);

  await be(page, "noor.haddad");
  await page.goto(`${url}/access`);
  await expect(page.getByRole("heading", { name: "Waiting for you" })).toBeVisible();
  await page.getByRole("link", { name: /Look closer, or deny.*: berth-planner and ledger-api/ }).click();
  await expect(page.getByRole("main")).toContainText("GET /accounts/{number}/balance");
  if (javaScriptEnabled) expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole("button", { name: "Deny" }).click();
  await expect(page.getByRole("main")).toContainText("A reason is needed");
  await page.getByLabel("Reason").fill("They may know");
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByRole("main")).toContainText("You have approved 1 entry");
  done = check(file);
  expect(done.code, done.said).toBe(0);

  // Who may use the API, and the history of it.
  await page.goto(`${url}/catalog/default/api/ledger-api/access`);
  await page.getByRole("row", { name: /berth-planner/ }).getByRole("link", { name: "ledger.balance.read" }).click();
  await page.getByLabel("Reason").fill("The plan leaked");
  await page.getByRole("button", { name: "Revoke it" }).click();
  await expect(page.locator("ol.timeline > li").filter({ hasText: "Revoked" }).first()).toContainText("The plan leaked");
  await expect(page.locator("ol.timeline > li").filter({ hasText: "Approved" }).first()).toContainText("They may know");
  await expect(page.locator("ol.timeline > li").filter({ hasText: "Requested" }).first()).toContainText("manifest at");
  if (javaScriptEnabled) expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  done = check(file);
  expect(done.code, done.said).toBe(1);
  expect(done.said).toContain("The plan leaked");
});

test("access is asked for in the portal, and nothing that was typed is lost", async ({ page, javaScriptEnabled }) => {
  await be(page, "noor.haddad");
  await page.goto(`${url}/catalog/default/api/cargo-api/access`);
  await page.getByRole("link", { name: "Request access" }).click();
  await page.getByLabel("Component that asks").fill("component:default/invoice-mailer");
  await page.getByRole("button", { name: "Show its scopes" }).click();
  await page.getByLabel("cargo.container.read").check();
  await page.getByRole("checkbox", { name: "production", exact: true }).check();
  if (javaScriptEnabled) expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole("button", { name: "Ask now" }).click();
  await expect(page.getByRole("main")).toContainText("asks why it is needed");
  await expect(page.getByLabel("cargo.container.read")).toBeChecked();
  await page.getByLabel("Why it is needed").fill("Invoices name the container");
  await page.getByRole("button", { name: "Ask now" }).click();
  await expect(page).toHaveURL(/\/access\/requests\/[0-9A-Z]+$/);
  await page.getByRole("button", { name: "Take it back" }).click();
  await expect(page.getByRole("main")).toContainText("no longer asked for");
  await page.goto(`${url}/access/matrix?environment=production`);
  await expect(page.getByRole("link", { name: /^berth-planner and cargo-api: / })).toBeVisible();
  if (javaScriptEnabled) expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test("what opens little is approved together", async ({ page, javaScriptEnabled }) => {
  await be(page, "amara.okafor");
  await page.goto(`${url}/access`);
  for (const consumer of ["edge-gateway", "portside-web"]) {
    await page.getByRole("checkbox", { name: `Approve ${consumer} and berth-plans with others` }).check();
  }
  await expect(page.getByRole("checkbox", { name: /ledger-api|cargo-api/ })).toHaveCount(0);
  if (javaScriptEnabled) expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole("button", { name: "Approve the ticked" }).click();
  await expect(page.getByRole("main")).toContainText("You have approved 2 requests");
  await page.goto(`${url}/access/grants?owner=quayside&state=active&environment=production`);
  await expect(page.getByRole("row", { name: /berths\.plan\.read.*portside-web/ })).toBeVisible();
});
