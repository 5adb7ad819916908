// Asks a running fake-forge for every route of its own table, and holds each answer against GitHub's OpenAPI description,
// and against the recorded answers of @octokit/fixtures where there are some. Exits with 1 where one differs, or where a
// route was not asked.
//
//   npm ci && node run.mjs github http://127.0.0.1:1234 ../keys/app.pem

import { createSign } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { bodies, mayBeEmpty, ownersOnly, parameters, setUp } from './scenario.mjs';

const require = createRequire(import.meta.url);
const [profile, api, keyFile] = process.argv.slice(2);
// The newest Enterprise Server that is described; the fake answers as that does.
const description = require(
  `@octokit/openapi/generated/${profile === 'enterprise' ? newestServer() : 'api.github.com'}.deref.json`,
);
const origin = new URL(api).origin;
const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
addFormats(ajv);
for (const format of ['repo.nwo', 'ref', 'owner/name']) ajv.addFormat(format, true);

const wrong = [];
const known = {};
let checked = 0;

await setUp(tell, origin);
const table = await tell('routes', {});
// An App asks about itself only once it is there.
const first = table.filter((route) => route.path.startsWith('/app-manifests/'));
for (const route of [...first, ...table.filter((route) => !first.includes(route))]) await check(route);
compareRecorded();
compareCopies();

for (const line of wrong) console.error(line);
console.log(`${profile}: ${checked} of ${table.length} routes hold before GitHub's description, ${wrong.length} complaints`);
process.exit(wrong.length > 0 || checked === 0 ? 1 : 0);

function newestServer() {
  const folder = join(dirname(require.resolve('@octokit/openapi/package.json')), 'generated');
  const versions = readdirSync(folder).map((name) => /^ghes-(\d+)\.(\d+)\.deref\.json$/.exec(name)).filter(Boolean);
  versions.sort((a, b) => Number(b[1]) - Number(a[1]) || Number(b[2]) - Number(a[2]));
  return `ghes-${versions[0][1]}.${versions[0][2]}`;
}

async function tell(what, body) {
  const answer = await fetch(`${origin}/_fake/${what}`, { method: 'POST', body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`/_fake/${what}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

async function check({ method, path, documented }) {
  const name = `${method} ${path}`;
  const operation = description.paths[documented]?.[method.toLowerCase()];
  if (!operation) return complain(name, `GitHub's description has no ${method} ${documented}`);
  let address;
  try {
    address = path.replace(/\{(\w+)\}/g, (_, key) => parameters(key, known, name));
  } catch (error) {
    return complain(name, error.message);
  }
  const body = method === 'GET' || method === 'DELETE' ? undefined : bodies(method, documented, known);
  if (body === null) return complain(name, 'scenario.mjs does not say what to send');
  const answer = await fetch(api + address, {
    method,
    body: body && JSON.stringify(body),
    headers: { authorization: `Bearer ${credential(path)}`, accept: 'application/vnd.github+json' },
  });
  const text = await answer.text();
  const off = profile === 'enterprise' && path === '/rate_limit';
  if (off ? answer.status !== 404 : !answer.ok) return complain(name, `${answer.status} ${text.slice(0, 200)}`);
  const response = operation.responses[String(answer.status)];
  if (!response) return complain(name, `GitHub's description has no answer ${answer.status}`);
  checked += 1;
  const schema = response.content?.['application/json']?.schema;
  if (!schema) {
    if (text !== '') complain(name, `GitHub answers ${answer.status} without a body`);
    return;
  }
  const value = JSON.parse(text);
  if (Array.isArray(value) && value.length === 0 && !mayBeEmpty.includes(name)) complain(name, 'the list is empty: nothing was looked at');
  const validate = ajv.compile(jsonSchema(schema));
  if (!validate(value)) {
    for (const error of validate.errors.slice(0, 8)) complain(name, `${error.instancePath} ${error.message}`);
  }
  remember(documented, method, value);
}

/** OpenAPI 3.0 says `nullable` where JSON Schema has a type of its own, and `example` and the like where it has nothing. */
function jsonSchema(schema) {
  if (Array.isArray(schema)) return schema.map(jsonSchema);
  if (schema === null || typeof schema !== 'object') return schema;
  const { nullable, example, examples, discriminator, deprecated, xml, ...rest } = schema;
  const made = {};
  for (const [key, value] of Object.entries(rest)) {
    if (key === 'properties' || key === 'patternProperties') {
      made[key] = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonSchema(inner)]));
    } else if (!key.startsWith('x-')) {
      made[key] = ['enum', 'required', 'default', 'const'].includes(key) ? value : jsonSchema(value);
    }
  }
  return nullable ? { anyOf: [{ type: 'null' }, made] } : made;
}

/** What later routes are asked with. */
function remember(documented, method, value) {
  known[`${method} ${documented}`] = value;
}

function credential(path) {
  if (path.startsWith('/app/hook')) return jwt(known['POST /app-manifests/{code}/conversions'].id);
  if (path === '/app' || path.startsWith('/app/') || path.endsWith('/installation')) return jwt(4711);
  // Only Apps write check runs.
  const isForApps = path.startsWith('/installation/') || path.includes('/check-runs');
  return isForApps ? known['POST /app/installations/{installation_id}/access_tokens'].token : 'all';
}

/** All Apps of the fake have one key. */
function jwt(app) {
  const now = Math.floor(Date.now() / 1000);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: now - 30, exp: now + 300, iss: String(app) })}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(readFileSync(keyFile), 'base64url')}`;
}

/** Every key that GitHub once sent for a route must be in the fake's answer too: `null` is no key less. */
function compareRecorded() {
  const folder = join(dirname(require.resolve('@octokit/fixtures/package.json')), 'scenarios/api.github.com');
  for (const scenario of readdirSync(folder)) {
    const steps = require(join(folder, scenario, 'normalized-fixture.json'));
    for (const step of steps) {
      const path = step.path.split('?')[0];
      const fitting = table.find((row) => row.method === step.method.toUpperCase() && fits(row.path, path));
      const own = fitting && known[`${fitting.method} ${fitting.documented}`];
      if (!own || step.status >= 300) continue;
      const missing = keys(step.response).filter((key) => !keys(own).includes(key) && !ownersOnly.includes(key));
      if (missing.length > 0) complain(`${fitting.method} ${fitting.path}`, `recorded as ${scenario} with ${missing.join(', ')}`);
    }
  }
}

/** What our client is tested with are the recorded answers of @octokit/fixtures (MIT, © 2017 Octokit contributors). */
function compareCopies() {
  const folder = new URL('../../portal/src/forge/tests/recorded/', import.meta.url);
  for (const file of readdirSync(folder)) {
    const scenario = file.replace(/\.json$/, '');
    const recorded = require.resolve(`@octokit/fixtures/scenarios/api.github.com/${scenario}/normalized-fixture.json`);
    if (readFileSync(recorded, 'utf8') !== readFileSync(new URL(file, folder), 'utf8')) complain(scenario, `${file} is not what was recorded`);
  }
}

function fits(template, path) {
  return new RegExp(`^${template.replace(/\{ref\}/g, '.+').replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
}

function keys(value) {
  const one = Array.isArray(value) ? value[0] : value;
  return one && typeof one === 'object' ? Object.keys(one) : [];
}

function complain(name, what) {
  wrong.push(`${profile} ${name}: ${what}`);
}
