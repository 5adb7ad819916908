import { expect, test } from "@playwright/test";
import { everyPage } from "./pages";

for (const width of [360, 768, 1440]) {
  test(`nothing sticks out at ${width} pixels`, async ({ page, request }) => {
    test.setTimeout(240_000);
    await page.setViewportSize({ width, height: 800 });
    for (const { name, path } of await everyPage(request)) {
      await test.step(name, async () => {
        await page.goto(path);
        const { wide, visible } = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth,
          visible: document.documentElement.clientWidth,
        }));
        expect.soft(wide, `${name} (${path}) is wider than the window`).toBeLessThanOrEqual(visible);
      });
    }
  });
}

test("every page has one heading, a title of its own and a way past the menu", async ({ page, request }) => {
  test.setTimeout(240_000);
  for (const { name, path } of await everyPage(request)) {
    await test.step(name, async () => {
      await page.goto(path);
      // A README brings its own heading; on the page of a document it is the page's.
      const headings = page.locator(name.startsWith("document") ? "h1" : "h1:not(article h1)");
      await expect.soft(headings, `${name} (${path})`).toHaveCount(1);
      expect.soft(await page.title(), `${name} (${path})`).toMatch(/Slipway/);
    });
  }
  await page.goto("/catalog");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
});
