import { expect, test } from "@playwright/test";

// Runs twice: with scripts and without (playwright.config.ts).

test("the theme is kept from page to page", async ({ page }) => {
  await page.goto("/rules");
  await page.getByRole("button", { name: "Dark", exact: true }).click();
  await expect(page).toHaveURL(/\/rules$/);
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Home" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Light", exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
});

test("the search box finds without a script too", async ({ page }) => {
  await page.goto("/sources");
  await page.getByLabel("Find a service, API or team").fill("a");
  await page.getByLabel("Find a service, API or team").press("Enter");
  await expect(page).toHaveURL(/\/catalog\?q=a$/);
  await expect(page.getByRole("table", { name: "Entities" })).toBeVisible();
});

test("a sync can be started, and its page says how it went", async ({ page }) => {
  await page.goto("/sources");
  await page.getByRole("button", { name: "Sync all now" }).click();
  // The action leads to the job's page, or back with a link to it.
  if (!/\/jobs\//.test(page.url())) await page.getByRole("main").getByRole("link", { name: /sync/i }).first().click();
  await expect(page).toHaveURL(/\/jobs\//);
  await expect
    .poll(async () => {
      if (await page.getByRole("main").getByText("Done", { exact: false }).first().isVisible()) return true;
      await page.reload();
      return false;
    }, { timeout: 25_000 })
    .toBe(true);
  await expect(page.getByRole("list", { name: "Log" })).toBeVisible();
});

test("a person of the demo signs in, makes a token, uses it, revokes it, and finds it all in the log", async ({ page, browser, request, baseURL }) => {
  const nobody = await request.get("/me");
  expect(nobody.status()).toBe(403);
  await page.goto("/catalog");
  const main = page.getByRole("navigation", { name: "Main" });
  await main.getByRole("link", { name: "Sign in" }).click();
  const person = page.getByRole("list", { name: "People of the demo" }).getByRole("button").first();
  const name = await person.locator("strong").innerText();
  await person.click();
  await expect(page).toHaveURL(/\/me$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  await expect(main.getByRole("link", { name })).toBeVisible();
  await expect(main.getByRole("link", { name: "Sources and sync" })).toHaveCount(0);
  await expect(page.getByText("This one")).toHaveCount(1);

  await page.getByRole("link", { name: "Tokens" }).click();
  const purpose = `test ${Date.now()}`;
  await page.getByLabel("What it is for").fill(purpose);
  await page.getByRole("button", { name: "Make it" }).click();
  const token = (await page.getByRole("group", { name: "Command" }).innerText()).trim();
  expect(token).toMatch(/^slipway_[0-9a-f]{64}$/);
  // As a script would use it: without a cookie.
  const script = await browser.newContext({ baseURL });
  const ask = () => script.request.get("/api/v1/summary", { headers: { authorization: `Bearer ${token}` } });
  expect((await ask()).status()).toBe(200);
  await page.reload();
  await expect(page.getByText(token)).toHaveCount(0);
  await page.getByRole("button", { name: `Revoke ${purpose}` }).click();
  await expect(page.getByText("opens nothing any more")).toBeVisible();
  expect((await ask()).status()).toBe(401);
  await script.close();

  // Stars, views and settings are kept for the person, and shown where they help.
  await page.goto("/catalog?kind=component&sort=-activity");
  await page.getByRole("main").locator("summary", { hasText: "Save view" }).click();
  await page.getByLabel("Name of this view").fill("By activity");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page).toHaveURL(/\/catalog\?kind=component&sort=-activity$/);
  await page.getByRole("table", { name: "Entities" }).getByRole("row").nth(1).getByRole("link").first().click();
  const starred = page.getByRole("button", { name: "Starred" });
  const entity = await page.getByRole("heading", { level: 1 }).first().innerText();
  const entityPage = page.url();
  await page.getByRole("button", { name: "Star", exact: true }).click();
  await expect(starred).toHaveAttribute("aria-pressed", "true");
  await main.getByRole("link", { name: "Home" }).click();
  await expect(page.getByRole("region", { name: "Starred" })).toContainText(entity);
  await page.getByRole("navigation", { name: "Your views" }).getByRole("link", { name: "By activity" }).click();
  await expect(page).toHaveURL(/\/catalog\?kind=component&sort=-activity$/);
  await page.goto(entityPage);
  await starred.click();
  await expect(page.getByRole("button", { name: "Star", exact: true })).toHaveAttribute("aria-pressed", "false");
  await page.goto("/me/settings");
  await page.getByLabel("Time zone").fill("Europe/Berln");
  await page.getByRole("button", { name: "Keep" }).click();
  await expect(page.getByRole("alert")).toContainText("Did you mean Europe/Berlin?");
  await page.getByLabel("Time zone").fill("Asia/Tokyo");
  await page.getByRole("button", { name: "Keep" }).click();
  await expect(page.getByLabel("Time zone")).toHaveValue("Asia/Tokyo");
  await page.getByRole("button", { name: "Delete By activity" }).click();
  await expect(page.getByText("The view is deleted.")).toBeVisible();
  await main.getByRole("link", { name: "Inbox" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Inbox");

  await page.goto("/audit");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This needs more rights");
  await page.goto("/me");
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await expect(page.getByText("You are signed out.")).toBeVisible();
  // Now the person at the machine, who may read the log.
  await page.goto("/audit?action=token.");
  await expect(page.getByRole("table", { name: "Entries of the audit log" })).toContainText(purpose);
  await expect(page.getByRole("table", { name: "Entries of the audit log" })).toContainText("token.revoke");
  for (const [action, target] of [["star.add", entity], ["view.save", "By activity"], ["preferences.set", "Asia/Tokyo"]]) {
    await page.goto(`/audit?action=${action}`);
    await expect(page.getByRole("table", { name: "Entries of the audit log" })).toContainText(target, { ignoreCase: true });
  }
});
