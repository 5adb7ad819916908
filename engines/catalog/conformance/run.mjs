// Asks Backstage's own packages about every case of cases.mjs and writes verdicts.json; with --check it compares instead
// and exits with 1 where the committed file differs.
//
//   npm ci && node run.mjs

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { bases, documents, entities, references } from './cases.mjs';

const require = createRequire(import.meta.url);
const model = require('@backstage/catalog-model');
const alpha = require('@backstage/catalog-model/alpha');
const { templateEntityV1beta3Validator } = require('@backstage/plugin-scaffolder-common');
const yaml = require('yaml');

// As BuiltinKindsEntityProcessor of catalog-backend has them, and ScaffolderEntitiesProcessor.
const validators = [
  model.apiEntityV1alpha1Validator,
  model.componentEntityV1alpha1Validator,
  model.resourceEntityV1alpha1Validator,
  model.groupEntityV1alpha1Validator,
  model.locationEntityV1alpha1Validator,
  model.userEntityV1alpha1Validator,
  model.systemEntityV1alpha1Validator,
  model.domainEntityV1alpha1Validator,
  templateEntityV1beta3Validator,
];
const policy = model.EntityPolicies.allOf([
  new model.SchemaValidEntityPolicy(),
  new model.DefaultNamespaceEntityPolicy(),
  new model.FieldFormatEntityPolicy(),
  new model.NoForeignRootFieldsEntityPolicy(),
]);
const envelope = model.entityEnvelopeSchemaValidator();
const layers = alpha.compileCatalogModel([alpha.defaultCatalogEntityModel, alpha.mcpServerApiEntityModel]);

function build({ base, changes }) {
  const entity = structuredClone(bases[base]);
  for (const { at, ...change } of changes) {
    const parts = at.split('/').slice(1);
    const last = parts.pop();
    const parent = parts.reduce((value, part) => (value[part] ??= {}), entity);
    if ('value' in change) {
      parent[last] = structuredClone(change.value);
    } else if (Array.isArray(parent)) {
      parent.splice(Number(last), 1);
    } else {
      delete parent[last];
    }
  }
  return entity;
}

// The steps of DefaultCatalogProcessingOrchestrator that look at the entity alone.
async function accept(input) {
  envelope(input);
  const entity = await policy.enforce(input);
  const isMcpServer = entity.kind === 'API' && entity.spec?.type === 'mcp-server' && entity.spec.definition === undefined;
  const results = [];
  for (const validator of isMcpServer ? [alpha.mcpServerApiEntityValidator] : validators) {
    results.push(await validator.check(entity));
  }
  if (!results.some(Boolean)) {
    throw new Error('No processor recognized the entity');
  }
  return relations(entity);
}

// As BuiltinKindsEntityProcessor's doEmit, over the relation fields that the model declares.
function relations(entity) {
  const fields =
    entity.kind === 'Template'
      ? [{ path: 'spec.owner', relation: 'ownedBy', defaultKind: 'Group' }]
      : layers.getKind({ kind: entity.kind, apiVersion: entity.apiVersion }).relationFields;
  const defaultNamespace = model.getCompoundEntityRef(entity).namespace;
  const found = new Set();
  for (const { path, relation, defaultKind } of fields) {
    const targets = path.split('.').reduce((value, part) => value?.[part], entity);
    for (const target of targets ? [targets].flat() : []) {
      const reference = model.stringifyEntityRef(model.parseEntityRef(target, { defaultKind, defaultNamespace }));
      found.add(`${relation} ${reference}`);
    }
  }
  return [...found].sort();
}

async function entityVerdict(given) {
  try {
    return { ...given, accepted: true, relations: await accept(build(given)) };
  } catch (error) {
    return { ...given, accepted: false, error: error.message.split(' To learn more')[0].slice(0, 80) };
  }
}

function referenceVerdict(given) {
  try {
    const { kind, namespace } = given;
    return { ...given, reads: model.stringifyEntityRef(model.parseEntityRef(given.text, { defaultKind: kind, defaultNamespace: namespace })) };
  } catch {
    return { ...given, reads: null };
  }
}

// As parseEntityYaml of catalog-node reads a file.
function documentVerdict(text) {
  try {
    const read = yaml.parseAllDocuments(text, { merge: false });
    return { text, documents: [...read].map(one => (one.errors.length ? { error: one.errors[0].code } : { json: one.toJSON() })) };
  } catch (error) {
    return { text, documents: [{ error: error.name }] };
  }
}

const unique = cases => [...new Map(cases.map(one => [JSON.stringify(one), one])).values()];
const line = value => `    ${JSON.stringify(value)}`;
const list = values => `[\n${values.map(line).join(',\n')}\n  ]`;

const packages = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')).dependencies;
const verdicts = {
  entities: await Promise.all(unique(entities).map(entityVerdict)),
  references: unique(references).map(referenceVerdict),
  documents: unique(documents).map(documentVerdict),
};
const text = `{
  "packages": ${JSON.stringify(packages)},
  "bases": ${JSON.stringify(bases)},
  "entities": ${list(verdicts.entities)},
  "references": ${list(verdicts.references)},
  "documents": ${list(verdicts.documents)}
}
`;

const file = new URL('verdicts.json', import.meta.url);
const count = Object.values(verdicts).reduce((sum, all) => sum + all.length, 0);
if (process.argv.includes('--check')) {
  const same = readFileSync(file, 'utf8') === text;
  console.log(same ? `${count} verdicts are as committed` : 'verdicts.json differs: run `node run.mjs` and look at the difference');
  process.exitCode = same ? 0 : 1;
} else {
  writeFileSync(file, text);
  console.log(`${count} verdicts written`);
}
