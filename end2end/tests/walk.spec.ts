import { expect, test } from "@playwright/test";
import { entityWithDependency } from "./pages";

// Runs twice: with scripts and without (playwright.config.ts).

test("home → catalog → entity → README → dependency → back", async ({ page, request }) => {
  const entity = await entityWithDependency(request);

  await page.goto("/");
  await expect(page).toHaveTitle(/Slipway/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Catalog" }).click();

  await expect(page.getByRole("heading", { level: 1, name: "Catalog" })).toBeVisible();
  await page.getByLabel("Filter by words").fill(entity.label);
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/[?&]q=/);
  const row = page.getByRole("table", { name: "Entities" }).getByRole("link", { name: entity.label, exact: true }).first();
  await expect(row).toHaveAttribute("href", entity.path);
  await row.click();

  await expect(page).toHaveURL(new RegExp(`${entity.path}$`));
  await expect(page.getByRole("heading", { level: 1, name: entity.label }).first()).toBeVisible();
  await expect(page.getByRole("complementary", { name: "Facts" })).toContainText("Owner");
  const readme = page.getByRole("article");
  await expect(readme).not.toBeEmpty();

  await page.getByRole("navigation", { name: entity.label }).getByRole("link", { name: /^Dependencies/ }).click();
  await page.getByRole("main").getByRole("link", { name: entity.dependency.label, exact: true }).first().click();
  await expect(page).toHaveURL(new RegExp(`${entity.dependency.path}$`));
  await expect(page.getByRole("heading", { level: 1, name: entity.dependency.label }).first()).toBeVisible();

  await page.goBack();
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1, name: entity.label }).first()).toBeVisible();
});

test("a README opens at its own path, with its neighbours", async ({ page, request }) => {
  const entity = await entityWithDependency(request);
  await page.goto(entity.path);
  await page.getByRole("main").getByRole("link", { name: "README.md", exact: true }).first().click();
  await expect(page).toHaveURL(/\/repositories\/.+\/files\/.*README\.md$/);
  await expect(page.getByRole("article")).not.toBeEmpty();
  await page.getByRole("navigation", { name: "Breadcrumbs" }).getByRole("link", { name: "Repositories" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Repositories" })).toBeVisible();
});

test("numbers on the home page lead to their lists", async ({ page }) => {
  await page.goto("/");
  const summary = page.getByRole("region", { name: "Summary" });
  const link = summary.getByRole("link", { name: /repositor/ }).first();
  const number = (await link.innerText()).match(/\d+/)![0];
  await link.click();
  await expect(page.getByRole("main")).toContainText(`${number} repositor`);
});

test("facets narrow the list, and a chip lets go of them", async ({ page }) => {
  await page.goto("/catalog");
  const facets = page.getByRole("navigation", { name: "Filters" });
  await facets.getByRole("link", { name: /^Component/ }).click();
  await expect(page).toHaveURL(/kind=component/);
  await page.getByRole("link", { name: "Remove the filter Kind: Component" }).click();
  await expect(page).not.toHaveURL(/kind=/);
});

test("a page that does not exist says so, and where to go", async ({ page }) => {
  const answer = await page.goto("/catalog/default/component/nobody-wrote-this");
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("There is nothing here");
  await page.getByRole("main").getByRole("link", { name: "Open the catalog" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Catalog" })).toBeVisible();
});
