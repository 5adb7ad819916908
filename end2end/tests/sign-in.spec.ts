import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { type SignIn, startProvider } from "./provider";

// Against a provider and a Slipway of their own.
test.describe.configure({ mode: "serial" });

let at: SignIn;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  at = await startProvider();
});

test.afterAll(() => at?.stop());

/** What somebody does at the provider: any password is good, and then they agree. */
async function atProvider(page: Page, name: string) {
  await page.getByPlaceholder("Enter any login").fill(name);
  await page.getByPlaceholder("and password").fill("x");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

const leftBar = (page: Page) => page.getByRole("navigation", { name: "Main" });

test("somebody signs in at a provider, comes back to where they were, and signs out", async ({ page }) => {
  await page.goto(`${at.url}/rules`);
  await leftBar(page).getByRole("link", { name: "Sign in" }).click();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
  await atProvider(page, "jane");
  await expect(page).toHaveURL(`${at.url}/rules`);
  await expect(page.getByRole("status").first()).toContainText("You are signed in.");
  await leftBar(page).getByRole("link", { name: "Jane" }).click();
  await expect(page.getByRole("main")).toContainText("jane@example.com");
  for (const own of ["/inbox", "/me/settings", "/me/tokens", "/me"]) {
    await page.goto(`${at.url}${own}`);
    expect((await new AxeBuilder({ page }).analyze()).violations, own).toEqual([]);
  }
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(leftBar(page).getByRole("link", { name: "Sign in" })).toBeVisible();
  await page.goto(`${at.url}/me`);
  await expect(page).toHaveURL(`${at.url}/sign-in?return=/me`.replace("=/", "=%2F"));
});

test("an answer that this browser did not ask for is refused", async ({ page }) => {
  await page.goto(`${at.url}/sign-in/acme`);
  await expect(page).toHaveURL(new RegExp(`^${at.issuer}/`));
  await page.goto(`${at.url}/sign-in/acme/callback?code=stolen&state=${"0".repeat(64)}`);
  await expect(page).toHaveURL(`${at.url}/sign-in`);
  await expect(page.getByRole("main").or(page.getByRole("alert")).first()).toContainText("belongs to nothing that this browser");
  await expect(leftBar(page).getByRole("link", { name: "Sign in" })).toBeVisible();
});

test("an administrator sees what the provider says, and what is made of it", async ({ page }) => {
  await page.goto(`${at.url}/sign-in/acme?return=/sign-in/acme/test`);
  await atProvider(page, "ada");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Test of Acme ID");
  await page.getByRole("link", { name: "Test", exact: true }).click();
  // The provider remembers who that is.
  await expect(page.getByRole("heading", { name: "What is made of it" })).toBeVisible();
  await expect(page.getByRole("main")).toContainText("administrator");
  await expect(page.getByRole("group", { name: "Userinfo" })).toContainText('"platform"');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});
