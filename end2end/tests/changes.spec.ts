import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { startForge } from "./forge";

// Against a GitHub and a Slipway of their own. Runs twice: with scripts and without (playwright.config.ts).
test.describe.configure({ mode: "serial" });

const files = (name: string) => ({
  "README.md": `# ${name}\n`,
  Dockerfile: `FROM debian\nCOPY ${name} /\nCMD ["/${name}"]\n`,
  "Cargo.toml": `[package]\nname = "${name}"\nversion = "1.0.0"\n\n[dependencies]\naxum = "0.8"\n`,
  "src/main.rs": "fn main() {}\n",
  ".github/CODEOWNERS": "* @acme/payments\n",
});

let forge: Awaited<ReturnType<typeof startForge>>;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  forge = await startForge(["shop", "stock"].map((name) => ({ name, files: files(name) })));
});

test.afterAll(() => forge?.stop());

/** Looks again until the change stands so, as a person without a script would. */
async function standsAs(page: Page, state: string) {
  await expect
    .poll(
      async () => {
        // A reload that meets the form's own way to its page is overtaken by it.
        await page.reload().catch(() => undefined);
        return page.getByRole("heading", { level: 1 }).textContent();
      },
      { timeout: 25_000 },
    )
    .toContain(state);
}

test("what is inferred becomes a pull request, and its end is seen", async ({ page, javaScriptEnabled }) => {
  await page.goto(`${forge.url}/catalog/default/component/shop`);
  await page.getByText("Change", { exact: true }).click();
  await page.getByRole("link", { name: "Write catalog-info.yaml" }).click();
  await expect(page.getByRole("group", { name: "catalog-info.yaml" })).toContainText("owner: payments");
  if (javaScriptEnabled) expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByLabel("Title").fill("Describe the shop");
  await page.getByRole("button", { name: "Open a pull request" }).click();
  await expect(page.getByRole("status").first()).toContainText("on the way");
  await standsAs(page, "open");
  await expect(page.getByRole("link", { name: "Open pull request" })).toHaveAttribute("href", /\/acme\/shop\/pull\/1$/);
  if (javaScriptEnabled) expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  const [pull] = (await forge.ask("/repos/acme/shop/pulls")) as { title: string; head: { ref: string } }[];
  expect(pull.title).toBe("Describe the shop");
  expect(pull.head.ref).toMatch(/^slipway\/catalog-info-/);

  const change = page.url();
  await forge.tell("pulls/merge", { repository: forge.ids[0], number: 1 });
  await page.goto(`${forge.url}/changes`);
  await page.getByRole("button", { name: "Look at GitHub now" }).click();
  await expect(page).toHaveURL(/\/jobs\//);
  await page.goto(change);
  await standsAs(page, "merged");
});

test("many at once are shown before they are proposed", async ({ page }) => {
  await page.goto(`${forge.url}/catalog?kind=component&q=stock`);
  await page.getByText("Change the ticked ones").click();
  await page.getByRole("checkbox", { name: "stock", exact: true }).check();
  await page.getByLabel("New owner").fill("paymnts");
  await page.getByRole("button", { name: "Correct owner" }).click();
  await expect(page.getByRole("main")).toContainText("Did you mean payments");
  await page.getByLabel("Owner", { exact: true }).fill("payments");
  await page.getByRole("button", { name: "Show the change" }).click();
  await page.getByRole("button", { name: "Open a pull request" }).click();
  await standsAs(page, "open");
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await standsAs(page, "closed");
});
