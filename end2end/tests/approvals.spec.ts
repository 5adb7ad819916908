import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { type Browser, expect, type Page, test } from "@playwright/test";
import { type SignIn, startProvider } from "./provider";

// Against a provider and a Slipway of their own. Runs twice: with scripts and without (playwright.config.ts).
test.describe.configure({ mode: "serial" });

const user = (name: string) =>
  `---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: ${name}}\n` +
  `spec: {memberOf: [], profile: {email: ${name}@example.com}}\n`;

/** A Git repository with one commit. */
function commit(folder: string, files: Record<string, string>) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
  for (const command of [["init", "-q", "-b", "main"], ["add", "."], [...who, "commit", "-q", "-m", "Begin"]]) {
    execFileSync("git", command, { cwd: folder });
  }
}

/** A template with a script, people who may approve, and a folder for projects. */
function world(folder: string): string {
  commit(join(folder, "templates/boat"), {
    "cookiecutter.json": '{"name": "dinghy"}',
    "{{cookiecutter.name}}/README.md": "# {{ cookiecutter.name }}\n",
    "hooks/post_gen_project.sh": "#!/bin/sh\necho painted > painted.txt\n",
  });
  commit(join(folder, "people/people"), { "catalog-info.yaml": user("ben") + user("dora") });
  mkdirSync(join(folder, "projects"));
  const source = (name: string, more: string) =>
    `[[source]]\nname = "${name}"\nkind = "folder"\npath = "${join(folder, name)}"\nvisibility = "public"\n${more}\n`;
  return (
    // The script is run wherever these tests are.
    `[templates]\nweaker-fence = true\n` +
    source("templates", "") +
    source("people", "trusted = true") +
    source("projects", "launch = true") +
    `[[approval]]\naction = "publish:folder"\nreviewers = ["user:ben", "user:dora"]\n`
  );
}

let at: SignIn;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  at = await startProvider(world);
});

test.afterAll(() => at?.stop());

/** A browser of their own, in which somebody has signed in. */
async function as(browser: Browser, name: string, javaScriptEnabled: boolean | undefined): Promise<Page> {
  const page = await (await browser.newContext({ javaScriptEnabled })).newPage();
  await page.goto(`${at.url}/sign-in/acme?return=/templates`);
  await page.getByPlaceholder("Enter any login").fill(name);
  await page.getByPlaceholder("and password").fill("x");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page).toHaveURL(`${at.url}/templates`);
  return page;
}

test("a template with a script is trusted, launched, approved by somebody else, and made", async ({
  browser,
  javaScriptEnabled,
}) => {
  test.setTimeout(90_000);
  const ben = await as(browser, "ben", javaScriptEnabled);
  const cleo = await as(browser, "cleo", javaScriptEnabled);
  const ada = await as(browser, "ada", javaScriptEnabled);
  await expect(async () => {
    await ada.goto(`${at.url}/templates/default/boat`);
    await expect(ada.locator("#trust")).toContainText("Nobody trusts the commit", { timeout: 500 });
  }).toPass({ timeout: 30_000 });

  await cleo.goto(`${at.url}/templates/default/boat`);
  await expect(cleo.getByRole("button", { name: "Trust at this commit" })).toHaveCount(0);
  await ada.getByRole("button", { name: "Trust at this commit" }).click();
  await expect(ada.locator("#trust")).toContainText("began to trust this commit");

  await cleo.goto(`${at.url}/templates/default/boat/launch`);
  await cleo.getByLabel("name", { exact: true }).fill("ketch");
  await cleo.getByRole("button", { name: "Look at it" }).click();
  const preview = cleo.locator("#preview");
  await expect(preview).toContainText("painted.txt");
  await expect(preview).toContainText("It begins once it is approved");
  await preview.getByRole("button", { name: "Launch", exact: true }).click();
  await expect(cleo).toHaveURL(/\/runs\/[0-9A-Z]+$/);
  await expect(cleo.locator("#approvals")).toContainText("Without an account here, and so not told: dora");
  await expect(cleo.getByRole("button", { name: "Approve" })).toHaveCount(0);
  if (javaScriptEnabled) expect((await new AxeBuilder({ page: cleo }).analyze()).violations).toEqual([]);

  await expect(async () => {
    await ben.goto(`${at.url}/inbox`);
    await ben.getByRole("link", { name: /ketch waits for your approval/ }).first().click({ timeout: 500 });
  }).toPass({ timeout: 20_000 });
  await expect(ben).toHaveURL(cleo.url());
  await ben.getByLabel("Reason").fill("It floats");
  await ben.getByRole("button", { name: "Approve" }).click();
  await expect(ben.locator("#approvals")).toContainText("It floats");

  await expect(async () => {
    await cleo.reload();
    await expect(cleo.getByRole("heading", { level: 1 }).first()).toContainText("done", { timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await expect(cleo.locator("#approvals")).toContainText("given");
});
