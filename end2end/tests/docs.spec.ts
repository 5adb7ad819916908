import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { firstDocs } from "./pages";

test("documentation is read from the list to its last page", async ({ page, request }) => {
  const home = await firstDocs(request);
  await page.goto("/docs");
  await page.locator(`a.row-link[href="${home}"]`).click();
  await expect(page.locator("article.document h1")).toHaveCount(1);
  const navigation = page.getByRole("navigation", { name: /^Pages of/ });
  await expect(navigation.locator("[aria-current=page]")).toBeVisible();
  const seen = new Set<string>();
  for (let next = page.getByRole("link", { name: /^Next/ }); await next.count(); ) {
    const title = (await next.locator(".step-title").textContent())!;
    await next.click();
    await expect(page).toHaveTitle(new RegExp(title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
    expect(seen.has(page.url()), page.url()).toBe(false);
    seen.add(page.url());
  }
  expect(seen.size).toBeGreaterThan(1);
  await page.getByRole("link", { name: /^Previous/ }).click();
  await expect(navigation.locator("[aria-current=page]")).toHaveCount(1);
});

test("without scripts and on a phone the pages unfold", async ({ browser, request, baseURL }) => {
  const home = await firstDocs(request);
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 780 } });
  const page = await context.newPage();
  await page.goto(new URL(home, baseURL).href);
  const navigation = page.getByRole("navigation", { name: /^Pages of/ });
  await expect(navigation).toBeHidden();
  await page.locator("summary", { hasText: /^Pages$/ }).click();
  await expect(navigation).toBeVisible();
  await context.close();
});

test("axe finds nothing while the pages are unfolded on a phone", async ({ page, request }) => {
  await page.setViewportSize({ width: 360, height: 780 });
  await page.goto(await firstDocs(request));
  await page.locator("summary", { hasText: /^Pages$/ }).click();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((violation) => violation.id)).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide).toBeLessThanOrEqual(0);
});
