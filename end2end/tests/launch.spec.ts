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
      await expect(page.getByRole("heading", { level: 1 }).first()).toContainText("done", { timeout: 500 });
    }).toPass({ timeout: 20_000 });
    await expect(page.getByRole("main")).toContainText("git clone ");

    // Whoever launched it says how it went.
    await page.getByLabel("What was missing, or good").fill("A probe for readiness");
    await page.getByRole("button", { name: "Something was missing" }).click();
    await expect(page.getByRole("main")).toContainText("Something was missing. A probe for readiness");

    await page.getByRole("link", { name: "Open in the catalog" }).click();
    await expect(page).toHaveURL(/\/catalog\/default\//);
    await expect(page.getByRole("main")).toContainText("quayside");
    await expect(page.getByRole("complementary", { name: "Facts" })).toContainText(template);
    await page.goBack();
    await page.getByRole("link", { name: "Documentation", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
    await expect(page).toHaveURL(/\/docs/);

    // The template knows its project, and the launch is in the list.
    await page.goto(`/templates/default/${template}`);
    await expect(page.getByRole("complementary", { name: "Projects" }).getByRole("link").first()).toBeVisible();
    await expect(page.locator("#feedback")).toContainText("A probe for readiness");
    await page.getByRole("link", { name: new RegExp(`^Launch one like it.*${name}$`) }).click();
    await expect(page.getByRole("main")).toContainText("are filled in");
    await expect(page.getByLabel(question)).toHaveValue(name);

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

test("what was filled in is kept until it is forgotten, and can be passed on", async ({ page }) => {
  await signIn(page);
  const form = "/templates/default/go-service-template/launch";
  await page.goto(form);
  await page.getByLabel("What do people call the service?").fill("half-filled");
  await page.getByLabel("Owner: a team").fill("nobody-at-all");
  await page.getByRole("button", { name: "Look at it" }).click();
  await expect(page.getByText('There is no team or person "nobody-at-all"')).toBeVisible();
  await page.getByLabel("Owner: a team").fill("quayside");
  await page.getByRole("button", { name: "Look at it" }).click();
  const shared = await page.getByRole("link", { name: "a link to this form as it is filled" }).getAttribute("href");
  expect(shared).not.toContain("key=");

  await page.goto(form);
  await page.getByRole("link", { name: "Go on where you were" }).click();
  await expect(page.getByLabel("What do people call the service?")).toHaveValue("half-filled");
  await page.goto(form);
  await page.getByRole("button", { name: "Forget it" }).click();
  await expect(page.getByRole("link", { name: "Go on where you were" })).toHaveCount(0);
  await page.goto(shared!);
  await expect(page.getByLabel("What do people call the service?")).toHaveValue("half-filled");
  await expect(page.getByLabel("Owner: a team")).toHaveValue("quayside");
});
