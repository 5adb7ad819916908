import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { everyPage } from "./pages";

for (const theme of ["light", "dark"] as const) {
  test(`axe finds nothing on any page, ${theme}`, async ({ page, request, baseURL }) => {
    test.setTimeout(400_000);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    const pages = await everyPage(request);
    for (const { name, path, status } of pages) {
      await test.step(name, async () => {
        const answer = await page.goto(new URL(path, baseURL).href);
        expect(answer?.status(), path).toBe(status ?? 200);
        const { violations } = await new AxeBuilder({ page }).analyze();
        const told = violations.flatMap((violation) =>
          violation.nodes.map((node) => `${violation.id}: ${node.target.join(" ")}: ${node.failureSummary}`),
        );
        expect.soft(told, `${name} (${path}), ${theme}`).toEqual([]);
      });
    }
  });
}
