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
