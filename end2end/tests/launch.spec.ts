import { expect, type Page, test } from "@playwright/test";

/** The templates of the demo, and what makes a project of each its own. */
const TEMPLATES = [
  { template: "go-service-template", question: "What do people call the service?", called: "tide-alarms" },
  { template: "python-library-template", question: "What is it called?", called: "buoy-tables" },
  { template: "documentation-template", question: "Title of the site", called: "pilot-handbook" },
];

async function signIn(page: Page) {
  await page.goto("/sign-in");
  await page.getByRole("list", { name: "People of the demo" }).getByRole("button").first().click();
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Inbox" })).toBeVisible();
}

for (const { template, question, called } of TEMPLATES) {
  test(`a project is launched from ${template}, and is there`, async ({ page, javaScriptEnabled }) => {
    await signIn(page);
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Templates" }).click();
    await page.getByRole("main").getByRole("link", { name: template }).click();
    await page.getByRole("link", { name: "Launch a project" }).click();

    const name = `${called}-${javaScriptEnabled ? "one" : "two"}`;
    await page.getByLabel(question).fill(name);
    await page.getByRole("button", { name: "Look at it" }).click();
    const preview = page.locator("#preview");
    await expect(preview.getByText("catalog-info.yaml")).toBeVisible();
    await expect(page.getByLabel(question)).toHaveValue(name);

    await preview.getByRole("button", { name: "Launch", exact: true }).click();
    await expect(page).toHaveURL(/\/runs\/[0-9A-Z]+$/);
    await expect(async () => {
      // Without a script somebody looks again.
      if (!javaScriptEnabled) await page.reload();
      await expect(page.getByRole("heading", { level: 1 })).toContainText("done", { timeout: 500 });
    }).toPass({ timeout: 20_000 });
    await expect(page.getByRole("main")).toContainText("git clone ");

    await page.getByRole("link", { name: "Open in the catalog" }).click();
    await expect(page).toHaveURL(/\/catalog\/default\//);
    await expect(page.getByRole("main")).toContainText("quayside");
    await page.goBack();
    await page.getByRole("link", { name: "Documentation", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
    await expect(page).toHaveURL(/\/docs/);

    // The template knows its project, and the launch is in the list.
    await page.goto(`/templates/default/${template}`);
    await expect(page.getByRole("complementary", { name: "Projects" }).getByRole("link").first()).toBeVisible();
    await page.goto("/runs");
    await expect(page.getByRole("table", { name: "Launches" })).toContainText(name);
  });
}

test("an answer that cannot be taken says what it takes, and nothing that was typed is lost", async ({ page }) => {
  await signIn(page);
  await page.goto("/templates/default/go-service-template/launch?a.team=nobody&a.service_name=Kept&preview=1");
  await expect(page.getByText("Some answers cannot be taken")).toBeVisible();
  await expect(page.getByLabel("What do people call the service?")).toHaveValue("Kept");
  await expect(page.locator("#preview")).toHaveCount(0);
});
