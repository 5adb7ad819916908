import { expect, test } from "@playwright/test";
import { entityWithDependency } from "./pages";

test.beforeEach(async ({ page }) => {
  // A script that fails is a failure, whatever the page looks like.
  page.on("pageerror", (error) => expect.soft(error.message, "an error in the browser").toBe(""));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 404/.test(message.text())) expect.soft(message.text(), "an error in the console").toBe("");
  });
});

test("quick find goes to what is chosen", async ({ page, request }) => {
  const entity = await entityWithDependency(request);
  await page.goto("/catalog");
  await expect(page.locator("html")).toHaveAttribute("data-islands", "ready");
  await page.keyboard.press("Control+k");
  const box = page.getByRole("combobox", { name: "Find a service, API or team" });
  await expect(box).toBeFocused();
  await box.pressSequentially(entity.label, { delay: 20 });
  const option = page.getByRole("listbox", { name: "Found" }).getByRole("option").filter({ hasText: entity.label }).first();
  await expect(option).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("listbox", { name: "Found" }).getByRole("option", { selected: true })).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/catalog\/[^/]+\/[^/]+\/[^/]+$/);
});

test("quick find says when there is nothing, and closes with Escape", async ({ page }) => {
  await page.goto("/");
  await expect(page.locator("html")).toHaveAttribute("data-islands", "ready");
  const box = page.getByRole("combobox", { name: "Find a service, API or team" });
  await box.fill("nothing-is-called-so");
  await expect(page.getByText("Nothing is called “nothing-is-called-so”")).toBeVisible();
  await box.press("Escape");
  await expect(page.getByText("Nothing is called")).toBeHidden();
});

test("a sync is followed live, without a reload", async ({ page }) => {
  await page.goto("/sources");
  await page.getByRole("button", { name: "Sync all now" }).click();
  if (!/\/jobs\//.test(page.url())) await page.getByRole("main").getByRole("link", { name: /sync/i }).first().click();
  await expect(page).toHaveURL(/\/jobs\//);
  await expect(page.locator("html")).toHaveAttribute("data-islands", "ready");
  await expect(page.getByRole("main").getByRole("status").first()).toHaveText(/^Done/, { timeout: 25_000 });
});
