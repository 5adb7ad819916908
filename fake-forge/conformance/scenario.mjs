// The organisation that is asked about, and what each route is asked with.

const repository = { owner: 'acme', name: 'shop' };
let repositoryId;

/** Lists that have nothing in them before somebody sends something. */
export const mayBeEmpty = ['GET /app/hook/deliveries'];

let code;

/** One of everything, so that no list is empty. `origin` is where people see pages. */
export async function setUp(tell, origin) {
  const files = {
    'README.md': '# Shop\n',
    'catalog-info.yaml': 'kind: Component\n',
    '.github/workflows/build.yml': 'on: workflow_dispatch\n',
  };
  const made = await tell('repositories', { ...repository, description: 'Sells', topics: ['go'], files });
  repositoryId = made.id;
  await tell('organisations', {
    login: 'acme',
    members: [{ login: 'ada', admin: true }, { login: 'bob' }],
    teams: [
      { slug: 'crew', name: 'Crew', members: ['bob'], repositories: { shop: 'write' } },
      { slug: 'deck', name: 'Deck', parent: 'crew', members: ['ada'], repositories: { shop: 'maintain' } },
    ],
  });
  await tell('tokens', { token: 'all', login: 'ada', scopes: ['repo', 'admin:org', 'user:email', 'delete_repo'] });
  const permissions = { metadata: 'read', contents: 'write', members: 'read', pull_requests: 'write', checks: 'write' };
  await tell('installations', { id: 77, account: 'acme', permissions });
  const manifest = {
    name: 'Slipway acme',
    url: 'https://portal.example',
    redirect_url: 'https://portal.example/back',
    hook_attributes: { url: 'https://portal.example/webhooks' },
    default_permissions: { metadata: 'read' },
    default_events: ['push'],
  };
  const form = new URLSearchParams({ manifest: JSON.stringify(manifest), state: 'x', agreed: 'yes' });
  const address = `${origin}/organizations/acme/settings/apps/new`;
  const agreed = await fetch(address, { method: 'POST', body: form, redirect: 'manual' });
  code = new URL(agreed.headers.get('location')).searchParams.get('code');
}

/** The value of a part of a path. */
export function parameters(key, known, route) {
  const byId = route.includes('/repositories/');
  const from = (name) => {
    const value = known[name];
    if (!value) throw new Error(`${name} has to answer first`);
    return value;
  };
  switch (key) {
    case 'org':
    case 'username':
      return 'acme';
    case 'owner':
      return repository.owner;
    case 'repo':
      // What is deleted is one that was made for it.
      return route === 'DELETE /repos/{owner}/{repo}' ? from('POST /orgs/{org}/repos').name : repository.name;
    case 'org_id':
      return from('GET /orgs/{org}').id;
    case 'team_slug':
      return 'crew';
    case 'team_id':
      return from('GET /orgs/{org}/teams').find((team) => team.slug === 'crew').id;
    case 'code':
      return code;
    case 'installation_id':
      return 77;
    case 'repository_id':
      return repositoryId;
    case 'ref':
      // What is changed and deleted is a branch of its own.
      return /^(PATCH|DELETE)/.test(route) ? `heads/${branch(byId)}` : 'heads/main';
    case 'branch':
      return 'main';
    case 'workflow_id':
      return 'build.yml';
    case 'commit_sha':
      if (route.endsWith('/pulls')) return from('POST /repos/{owner}/{repo}/pulls').head.sha;
      return from('GET /repos/{owner}/{repo}/git/ref/{ref}').object.sha;
    case 'basehead':
      return `main...${branch(byId)}`;
    case 'tree_sha':
      return from('GET /repos/{owner}/{repo}/git/commits/{commit_sha}').tree.sha;
    case 'file_sha':
      return from('GET /repos/{owner}/{repo}/git/trees/{tree_sha}').tree.find((entry) => entry.type === 'blob').sha;
    case 'pull_number':
    case 'issue_number':
      return from('POST /repos/{owner}/{repo}/pulls').number;
    case 'comment_id':
      return from('POST /repos/{owner}/{repo}/issues/{issue_number}/comments').id;
    case 'check_run_id':
      return from('POST /repos/{owner}/{repo}/check-runs').id;
    default:
      throw new Error(`scenario.mjs has no value for {${key}}`);
  }
}

let branches = 0;
const branch = (byId) => (byId ? 'by-id' : 'by-name');

/** What is sent; `undefined` for nothing, `null` where nobody has said it yet. */
export function bodies(method, documented, known) {
  const commit = known['GET /repos/{owner}/{repo}/git/ref/{ref}']?.object.sha;
  const tree = known['GET /repos/{owner}/{repo}/git/commits/{commit_sha}']?.tree.sha;
  switch (`${method} ${documented}`) {
    case 'POST /app/installations/{installation_id}/access_tokens':
    case 'POST /app-manifests/{code}/conversions':
      return {};
    case 'POST /orgs/{org}/repos':
      return { name: 'made', description: 'Made', private: true, visibility: 'private', auto_init: false };
    case 'POST /user/repos':
      return { name: 'own', description: 'Made', private: true, auto_init: false };
    case 'PATCH /repos/{owner}/{repo}':
      return { description: 'Sells more', default_branch: 'main' };
    case 'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches':
      return { ref: 'main', inputs: { level: '1' } };
    case 'PUT /repos/{owner}/{repo}/collaborators/{username}':
    case 'PUT /orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}':
      return { permission: 'push' };
    case 'PUT /repos/{owner}/{repo}/branches/{branch}/protection':
      return {
        required_status_checks: { strict: true, contexts: ['build'] }, enforce_admins: true,
        required_pull_request_reviews: { required_approving_review_count: 1 }, restrictions: { users: [], teams: [] },
      };
    case 'PUT /repos/{owner}/{repo}/topics':
      return { names: ['go'] };
    case 'POST /repos/{owner}/{repo}/git/refs':
      return { ref: `refs/heads/${branch(branches++ > 0)}`, sha: commit };
    case 'PATCH /repos/{owner}/{repo}/git/refs/{ref}':
      return { sha: known['POST /repos/{owner}/{repo}/git/commits']?.sha ?? commit, force: true };
    case 'POST /repos/{owner}/{repo}/git/commits':
      return { message: 'Say more', tree: known['POST /repos/{owner}/{repo}/git/trees']?.sha ?? tree, parents: [commit] };
    case 'POST /repos/{owner}/{repo}/git/trees':
      return { base_tree: tree, tree: [{ path: 'MORE.md', mode: '100644', type: 'blob', content: 'More\n' }] };
    case 'POST /repos/{owner}/{repo}/git/blobs':
      return { content: 'TW9yZQo=', encoding: 'base64' };
    case 'POST /repos/{owner}/{repo}/pulls':
      return { title: 'Say more', head: branch('POST /repos/{owner}/{repo}/pulls' in known), base: 'main', body: 'Because.' };
    case 'PATCH /repos/{owner}/{repo}/pulls/{pull_number}':
      return { title: 'Say much more' };
    case 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments':
      return { body: 'Well.' };
    case 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}':
      return { body: 'Well done.' };
    case 'POST /repos/{owner}/{repo}/check-runs':
      return { name: 'Slipway', head_sha: commit, status: 'completed', conclusion: 'success', output: said };
    case 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}':
      return { output: said };
    default:
      return null;
  }
}

const annotation = { path: 'README.md', start_line: 1, end_line: 1, annotation_level: 'notice', message: 'Well.' };
const said = { title: 'Well', summary: 'All is well.', annotations: [annotation] };

/** Recorded by owners of the organisation and with rights to administer: everybody else is not sent these. */
export const ownersOnly = [
  'allow_auto_merge',
  'allow_merge_commit',
  'allow_rebase_merge',
  'allow_squash_merge',
  'allow_update_branch',
  'billing_email',
  'collaborators',
  'delete_branch_on_merge',
  'disk_usage',
  'is_verified',
  'members_allowed_repository_creation_type',
  'members_can_create_internal_repositories',
  'members_can_create_pages',
  'members_can_create_private_pages',
  'members_can_create_private_repositories',
  'members_can_create_public_pages',
  'members_can_create_public_repositories',
  'members_can_create_repositories',
  'members_can_fork_private_repositories',
  'organization',
  'owned_private_repos',
  'plan',
  'private_gists',
  'temp_clone_token',
  'two_factor_requirement_enabled',
  'use_squash_pr_title_as_default',
  'web_commit_signoff_required',
];
