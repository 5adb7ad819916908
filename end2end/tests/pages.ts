import type { APIRequestContext } from "@playwright/test";

/** What the tests need to know of an entity. */
export interface Entity {
  /** Address of its page. */
  path: string;
  reference: string;
  label: string;
  repository: string;
  /** Label and address of what it depends on. */
  dependency: { path: string; label: string };
}

interface Row {
  reference: string;
  title: string | null;
  repository: string | null;
}

interface Detail {
  row: Row;
  repository: { facts: { readme: string | null } } | null;
  relations: { kind: string; row: Row | null }[];
}

/** The first component with a README of its repository and a dependency that has a page. */
export async function entityWithDependency(request: APIRequestContext): Promise<Entity> {
  const list = await (await request.get("/api/v1/catalog?kind=component&per_page=100")).json();
  for (const row of list.rows as Row[]) {
    const detail: Detail = await (await request.get(`/api/v1${pathOf(row.reference)}`)).json();
    const edge = detail.relations.find((relation) => relation.kind === "dependsOn" && relation.row?.repository);
    if (edge?.row && row.repository && detail.repository?.facts.readme === "README.md") {
      const dependency = { path: pathOf(edge.row.reference), label: labelOf(edge.row) };
      const { reference } = row;
      return { path: pathOf(reference), reference, label: labelOf(row), repository: row.repository, dependency };
    }
  }
  throw new Error("the demo has no component with a README and a dependency");
}

/** Every kind of page, each once: what axe, the themes and the narrow screen are held against. */
export async function everyPage(request: APIRequestContext): Promise<{ name: string; path: string; status?: number }[]> {
  const entity = await entityWithDependency(request);
  const group = await firstOf(request, "group");
  const repositories = await (await request.get("/api/v1/repositories?per_page=100")).json();
  const failing = (repositories.rows as { slug: string; errors: number }[]).find((row) => row.errors > 0);
  const jobs = await (await request.get("/api/v1/jobs")).json();
  const job = (Array.isArray(jobs) ? jobs : jobs.jobs)[0];
  const pages = [
    { name: "home", path: "/" },
    { name: "catalog", path: "/catalog" },
    { name: "catalog, filtered", path: "/catalog?kind=component&sort=-activity&q=a" },
    { name: "catalog, nothing found", path: "/catalog?q=nothing-is-called-so" },
    { name: "entity", path: entity.path },
    { name: "entity, dependencies", path: `${entity.path}/dependencies` },
    { name: "entity, activity", path: `${entity.path}/activity` },
    { name: "entity, findings", path: `${entity.path}/findings` },
    { name: "entity, evidence", path: `${entity.path}/evidence` },
    { name: "entity, access", path: "/catalog/default/component/cargo-tracker/access" },
    { name: "API, access", path: "/catalog/default/api/cargo-api/access" },
    { name: "access, waiting", path: "/access" },
    { name: "access, all", path: "/access/grants" },
    { name: "access, matrix", path: "/access/matrix" },
    { name: "access, coverage", path: "/access/coverage" },
    { name: "access, report", path: "/access/report" },
    { name: "access, asking", path: "/access/new?consumer=component:default/invoice-mailer&api=api:default/cargo-api" },
    { name: "access, request", path: await link(request, "/access", "/access/requests/") },
    { name: "access, history", path: await link(request, "/access/grants", "/access/", /^[0-9a-f]{32}$/) },
    { name: "team", path: group },
    { name: "repositories", path: "/repositories" },
    { name: "templates", path: "/templates" },
    { name: "template", path: "/templates/default/go-service-template" },
    { name: "launches", path: "/runs" },
    { name: "sign in", path: "/sign-in" },
    { name: "audit log", path: "/audit" },
    { name: "repository", path: `/repositories/${entity.repository}` },
    { name: "document", path: `/repositories/${entity.repository}/files/README.md` },
    { name: "docs", path: "/docs" },
    { name: "document, of documentation", path: await firstDocs(request) },
    { name: "people", path: "/people" },
    { name: "accounts", path: "/people/accounts" },
    { name: "unsure", path: "/unsure" },
    { name: "changes", path: "/changes" },
    { name: "change, preview", path: `/changes/new?what=descriptor&entity=${entity.reference}` },
    { name: "rules", path: "/rules" },
    { name: "sources", path: "/sources" },
    { name: "set-up", path: "/sources/doctor" },
    { name: "GitHub App", path: "/sources/github-app" },
    { name: "job", path: `/jobs/${job.id}` },
    { name: "not found", path: "/there-is-no-such-page", status: 404 },
  ];
  if (failing) pages.push({ name: "repository with errors", path: `/repositories/${failing.slug}` });
  return pages;
}

/** The documentation with the most pages. */
export async function firstDocs(request: APIRequestContext): Promise<string> {
  const list = await (await request.get("/api/v1/docs")).json();
  const entries = list.entries as { pages: number; entity: Row | null }[];
  const most = entries.filter((entry) => entry.entity).sort((a, b) => b.pages - a.pages)[0];
  return pathOf(most.entity!.reference).replace("/catalog/", "/docs/");
}

async function firstOf(request: APIRequestContext, kind: string): Promise<string> {
  const list = await (await request.get(`/api/v1/catalog?kind=${kind}&per_page=20`)).json();
  return pathOf(list.rows[0].reference);
}

function labelOf(row: Row): string {
  return row.title ?? row.reference.split("/")[1];
}

/** `component:default/checkout` has its page at `/catalog/default/component/checkout`. */
function pathOf(reference: string): string {
  const [, kind, namespace, name] = /^([^:]+):([^/]+)\/(.+)$/.exec(reference)!;
  return `/catalog/${namespace}/${kind}/${name}`;
}

/** The first address that a page leads to and that begins so. */
async function link(request: APIRequestContext, page: string, start: string, rest = /./): Promise<string> {
  const text = await (await request.get(page)).text();
  for (const [, address] of text.matchAll(/href="([^"]+)"/g)) {
    if (address.startsWith(start) && rest.test(address.slice(start.length))) return address;
  }
  throw new Error(`${page} leads to nothing below ${start}`);
}
