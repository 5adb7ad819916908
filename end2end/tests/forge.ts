import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A fake GitHub and a Slipway that reads an organisation there. */
export interface Forge {
  /** Of Slipway. */
  url: string;
  /** Tells the fake what to be; gives its answer. */
  tell(what: string, body: unknown): Promise<unknown>;
  /** Asks the fake's API as a person would. */
  ask(path: string): Promise<unknown>;
  stop(): void;
}

export interface Repository {
  name: string;
  files: Record<string, string>;
}

const TOKEN = "ghp_browser";

/** Starts both, with these repositories of the organisation `acme`, and waits until they were read. */
export async function startForge(repositories: Repository[]): Promise<Forge & { ids: number[] }> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-forge-"));
  const children: ChildProcess[] = [];
  const stop = () => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const fake = spawn(process.env.END2END_FAKE_FORGE!, ["enterprise"], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(fake);
    const api = (await firstLine(fake)).trim();
    const origin = new URL(api).origin;
    const tell = async (what: string, body: unknown) => {
      const answer = await fetch(`${origin}/_fake/${what}`, { method: "POST", body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    };
    await tell("tokens", { token: TOKEN, login: "slipway-bot", scopes: ["repo", "read:org"] });
    const ids: number[] = [];
    for (const repository of repositories) {
      const made = (await tell("repositories", { owner: "acme", ...repository })) as { id: number };
      ids.push(made.id);
    }
    // A team that the forge knows: what CODEOWNERS alone names is only a guess.
    const teams = [{ slug: "payments", name: "Payments", members: [], repositories: {} }];
    await tell("organisations", { login: "acme", members: [{ login: "slipway-bot" }], teams });
    const [token, config] = [join(folder, "token"), join(folder, "slipway.toml")];
    writeFileSync(token, `${TOKEN}\n`);
    writeFileSync(
      config,
      `[[source]]\nname = "acme"\nkind = "github"\norganisation = "acme"\nurl = "${origin}"\ntoken-file = "${token}"\nvisibility = "public"\n`,
    );
    const port = await freePort();
    const data = join(folder, "data");
    const serve = ["serve", "--config", config, "--data", data, "--listen", `127.0.0.1:${port}`];
    children.push(spawn(process.env.END2END_SLIPWAY!, serve, { stdio: ["ignore", "ignore", "inherit"] }));
    const url = `http://127.0.0.1:${port}`;
    await synced(url);
    const ask = async (path: string) => {
      const answer = await fetch(`${api}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });
      return answer.json();
    };
    return { url, tell, ask, stop, ids };
  } catch (error) {
    stop();
    throw error;
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout!.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve(text.split("\n")[0]);
    });
    child.once("exit", (code) => reject(new Error(`the fake forge ended with ${code}`)));
    child.once("error", reject);
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}

export async function synced(url: string): Promise<void> {
  const end = Date.now() + 60_000;
  let last: unknown = "no answer";
  while (Date.now() < end) {
    try {
      const sources = await (await fetch(`${url}/api/v1/sources`)).json();
      last = JSON.stringify(sources);
      if (sources.every((source: { synced_at: number | null }) => source.synced_at !== null)) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${url} was not ready after 60 s: ${last}`);
}
