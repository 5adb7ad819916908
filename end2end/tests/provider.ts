import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Provider from "oidc-provider";
import { freePort } from "./forge";

/** A provider of OpenID Connect, where everybody may sign in with any password, and a Slipway that trusts it. */
export interface SignIn {
  /** Of Slipway. */
  url: string;
  /** Of the provider. */
  issuer: string;
  stop(): void;
}

const SECRET = "browser-s3cret";

/** Whoever is called so is in this group. */
const GROUPS: Record<string, string[]> = { ada: ["platform"] };

/**
 * Starts both; members of the group `platform` are administrators. `more` puts into a folder what Slipway is to read, and gives
 * what its configuration says besides.
 */
export async function startProvider(more?: (folder: string) => string): Promise<SignIn> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-provider-"));
  const [port, providerPort] = [await freePort(), await freePort()];
  const [url, issuer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${providerPort}`];
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "slipway",
        client_secret: SECRET,
        redirect_uris: [`${url}/sign-in/acme/callback`],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"], groups: ["groups"] },
    cookies: { keys: ["browser"] },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        name: id[0].toUpperCase() + id.slice(1),
        email: `${id}@example.com`,
        email_verified: true,
        groups: GROUPS[id] ?? [],
      }),
    }),
  });
  const server = createServer(provider.callback()).listen(providerPort, "127.0.0.1");
  let child: ChildProcess | undefined;
  const stop = () => {
    child?.kill("SIGKILL");
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [secret, config] = [join(folder, "secret"), join(folder, "slipway.toml")];
    writeFileSync(secret, `${SECRET}\n`);
    writeFileSync(
      config,
      `[people]\nadministrators = ["acme:platform"]\n[[sign-in]]\nname = "acme"\nkind = "oidc"\ntitle = "Acme ID"\n` +
        `issuer = "${issuer}"\nclient-id = "slipway"\nclient-secret-file = "${secret}"\n` +
        `scopes = ["profile", "email", "groups"]\ntrust-email = true\n` +
        (more?.(folder) ?? ""),
    );
    const serve = ["serve", "--config", config, "--data", join(folder, "data"), "--listen", `127.0.0.1:${port}`];
    child = spawn(process.env.END2END_SLIPWAY!, serve, { stdio: ["ignore", "ignore", "inherit"] });
    await answers(`${url}/readyz`);
    return { url, issuer, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

async function answers(address: string): Promise<void> {
  const end = Date.now() + 60_000;
  let last: unknown = "no answer";
  while (Date.now() < end) {
    try {
      const answer = await fetch(address);
      if (answer.ok) return;
      last = answer.status;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${address} did not answer in 60 s: ${last}`);
}
