import type { FullConfig } from "@playwright/test";

/** Waits until the server answers and the demo organisation has been read once. */
export default async function ready(config: FullConfig) {
  const url = config.projects[0].use.baseURL!;
  const end = Date.now() + 90_000;
  let last: unknown = "no answer";
  while (Date.now() < end) {
    try {
      const answer = await fetch(`${url}/api/v1/sources`, { signal: AbortSignal.timeout(5_000) });
      const text = await answer.text();
      last = `${answer.status} ${text.slice(0, 300)}`;
      const body = JSON.parse(text);
      const sources: { synced_at: number | null }[] = Array.isArray(body) ? body : body.sources;
      if (answer.ok && sources.length > 0 && sources.every((source) => source.synced_at !== null)) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`${url} was not ready after 90 s: ${last}`);
}
