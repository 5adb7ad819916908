// The cases: entities as changes to a few bases, references, and YAML texts. What Backstage makes of them is written by
// run.mjs; nothing here says what is right.

const repeat = (text, times) => text.repeat(times);

export const bases = {
  component: {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Component',
    metadata: { name: 'payments' },
    spec: { type: 'service', lifecycle: 'production', owner: 'team-a' },
  },
  'component, all': {
    apiVersion: 'backstage.io/v1beta1',
    kind: 'Component',
    metadata: {
      name: 'payments',
      namespace: 'shop',
      uid: 'e01199ab',
      etag: 'abc=',
      title: 'Payments',
      description: '',
      labels: { tier: '1', 'example.com/tier': '' },
      annotations: { 'backstage.io/techdocs-ref': 'dir:.', 'github.com/project-slug': 'a/b' },
      tags: ['go', 'c++', 'c#', 'a:b'],
      links: [{ url: 'https://example.com', title: 'Example', icon: 'web', type: 'docs' }, { url: 'mailto:a@example.com' }],
      custom: { any: [1, null] },
    },
    spec: {
      type: 'service',
      lifecycle: 'production',
      owner: 'user:default/jo',
      system: 'checkout',
      subcomponentOf: 'shop-suite',
      providesApis: ['payments-api', 'other/refunds'],
      consumesApis: ['api:default/ledger'],
      dependsOn: ['resource:db', 'component:other/mail'],
      dependencyOf: ['component:web'],
      custom: { deep: { deeper: true } },
    },
  },
  api: {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'API',
    metadata: { name: 'payments-api' },
    spec: { type: 'openapi', lifecycle: 'production', owner: 'team-a', definition: 'openapi: 3.0.0', system: 'checkout' },
  },
  'mcp-server': {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'API',
    metadata: { name: 'tools' },
    spec: {
      type: 'mcp-server',
      lifecycle: 'production',
      owner: 'team-a',
      remotes: [{ type: 'streamable-http', url: 'http://tools.example.com/v1' }],
    },
  },
  resource: {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Resource',
    metadata: { name: 'db' },
    spec: { type: 'database', owner: 'team-a', system: 'checkout', dependsOn: ['resource:disk'], dependencyOf: ['component:web'] },
  },
  system: {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'System',
    metadata: { name: 'checkout' },
    spec: { owner: 'team-a', domain: 'shop', type: 'product' },
  },
  domain: {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Domain',
    metadata: { name: 'shop' },
    spec: { owner: 'team-a', subdomainOf: 'company', type: 'bundle' },
  },
  group: {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Group',
    metadata: { name: 'team-a' },
    spec: {
      type: 'team',
      profile: { displayName: 'Team A', email: 'a@example.com', picture: 'https://example.com/a.png' },
      parent: 'company',
      children: ['team-b'],
      members: ['jo', 'user:other/mo'],
    },
  },
  user: {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'User',
    metadata: { name: 'jo' },
    spec: { profile: { displayName: 'Jo', email: 'jo@example.com', picture: 'jo.png' }, memberOf: ['team-a'] },
  },
  location: {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Location',
    metadata: { name: 'more' },
    spec: { type: 'url', target: './a.yaml', targets: ['./b.yaml'], presence: 'optional' },
  },
  template: {
    apiVersion: 'scaffolder.backstage.io/v1beta3',
    kind: 'Template',
    metadata: { name: 'service' },
    spec: {
      type: 'service',
      owner: 'team-a',
      lifecycle: 'production',
      parameters: [{ title: 'Name', when: true, properties: {}, 'backstage:permissions': { tags: ['a'] } }],
      steps: [{ id: 'a', name: 'A', action: 'fetch:plain', input: { url: './x' }, if: '${{ true }}' }],
      output: { links: [{ title: 'Open', url: 'https://example.com', icon: 'web', if: true }], text: [{ title: 'T', content: '' }], x: '' },
      secrets: { schema: {} },
      presentation: { buttonLabels: { backButtonText: '', createButtonText: 'Go', reviewButtonText: 'Look' } },
      EXPERIMENTAL_recovery: { EXPERIMENTAL_strategy: 'none' },
      formDecorators: [{ id: 'x', input: {} }],
      EXPERIMENTAL_formDecorators: [{ id: 'x', input: {} }],
    },
  },
};

// One value of each JSON type, and the values that look empty.
const types = [null, true, false, 0, 7, 1.5, '', ' ', 'text', [], ['text'], [''], [7], [null], [[]], {}, { a: 'b' }];

const names = [
  'a', 'A', '0', 'a-b', 'a_b', 'a.b', 'a--_.b', 'a-', '-a', '_a', 'a.', '.', 'a b', 'a/b', 'a:b', 'ä', 'a\n', '',
  repeat('a', 63), repeat('a', 64), 'Team-A', 'a--b', 'a+b', 'x'.repeat(62) + '-',
];

const keys = [
  'a', 'A.b_c', 'example.com/a', 'Example.com/a', 'example.com/', '/a', 'a/b/c', 'a..b/c', '-a/b', 'a_b/c', 'a b',
  `${repeat('a', 63)}/b`, `${repeat('a', 64)}/b`, `a/${repeat('b', 63)}`, `a/${repeat('b', 64)}`, 'ä/b', '',
  `${Array(63).fill('abc').join('.')}.d/e`, `${Array(63).fill('abc').join('.')}.de/f`,
];

const versions = [
  'backstage.io/v1alpha1', 'backstage.io/v1beta1', 'backstage.io/v1', 'backstage.io/V1alpha1', 'v1alpha1', 'v1', '1.0',
  'scaffolder.backstage.io/v1beta3', 'scaffolder.backstage.io/v1beta2', 'a/b/c', '/v1', 'backstage.io/', ' backstage.io/v1alpha1',
];

const kinds = ['Component', 'component', 'COMPONENT', 'API', 'Api', 'Group', 'Template', 'Service', '9a', 'a-b', 'ä'];

const tags = [
  'go', 'Go', 'c++', 'c#', 'a:b', 'a.b', 'a_b', 'a-b', 'a--b', '-a', 'a-', 'a b', '+', '#-#', ':', 'ä', '1',
  repeat('a', 63), repeat('a', 64),
];

const urls = [
  'https://example.com', 'http://example.com:99999', 'example.com', '/path', '//example.com/a', 'mailto:a@b.c', 'a:b', ':', 'https://',
  'https://exa mple.com', 'https://[::1]/', 'https://[::1', ' https://example.com ', 'http://a.b/?q=ü', 'http://ü.example', 'javascript:1',
  'https:example.com', 'slack://channel?id=1', 'file:///a', 'file://', 'http://%zz', 'http://a\tb', 'https://user:pass@example.com', '1a:b', 'a+b:c',
];

export const references = [
  'a', 'a:b', 'a/b', 'a:b/c', 'a:b:c', 'a/b/c', 'a:b/c/d', 'a/b:c', 'a/b:c/d', ':a', 'a:', '/a', 'a/', ':', '/', ':/', 'a:/b', 'a:b/', ' a:b/c ', 'Group:Default/A',
  'ÄÖ:x/İ', 'group:team-a', 'user:default/jo.doe@example.com', 'a::b', 'a//b', 'a:b//c', '', ' ', 'a\n:b',
].flatMap(text => [{ text }, { text, kind: 'Component' }, { text, kind: 'Group', namespace: 'Team' }]);

const set = (at, value) => ({ at, value });
const drop = at => ({ at });

/** Every value at every place: where `places` names the pointers of a base. */
function grid(base, places, values) {
  return places.flatMap(at => [...values.map(value => ({ base, changes: [set(at, value)] })), { base, changes: [drop(at)] }]);
}

const specPlaces = {
  'component, all': ['type', 'lifecycle', 'owner', 'system', 'subcomponentOf', 'providesApis', 'consumesApis', 'dependsOn', 'dependencyOf', 'unknown'],
  api: ['type', 'lifecycle', 'owner', 'system', 'definition', 'remotes'],
  'mcp-server': ['type', 'lifecycle', 'owner', 'remotes', 'remotes/0', 'remotes/0/type', 'remotes/0/url', 'definition'],
  resource: ['type', 'owner', 'system', 'dependsOn', 'dependencyOf'],
  system: ['owner', 'domain', 'type'],
  domain: ['owner', 'subdomainOf', 'type'],
  group: ['type', 'profile', 'profile/displayName', 'profile/email', 'profile/picture', 'profile/other', 'parent', 'children', 'members'],
  user: ['profile', 'profile/displayName', 'profile/email', 'profile/picture', 'memberOf'],
  location: ['type', 'target', 'targets', 'presence'],
  template: [
    'type', 'owner', 'lifecycle', 'parameters', 'parameters/0', 'parameters/0/when', 'parameters/0/backstage:permissions',
    'parameters/0/backstage:permissions/tags', 'steps', 'steps/0', 'steps/0/id', 'steps/0/name', 'steps/0/action', 'steps/0/input', 'steps/0/if',
    'steps/0/backstage:permissions', 'output', 'output/links', 'output/links/0', 'output/links/0/url', 'output/links/0/entityRef', 'output/links/0/title',
    'output/links/0/icon', 'output/links/0/if', 'output/text', 'output/text/0', 'output/text/0/title', 'output/text/0/icon', 'output/text/0/content',
    'output/text/0/if', 'output/other', 'secrets', 'secrets/schema', 'presentation', 'presentation/buttonLabels',
    'presentation/buttonLabels/backButtonText', 'EXPERIMENTAL_recovery', 'EXPERIMENTAL_recovery/EXPERIMENTAL_strategy', 'formDecorators',
    'formDecorators/0', 'formDecorators/0/id', 'formDecorators/0/input', 'EXPERIMENTAL_formDecorators',
  ],
};

const referencePlaces = [
  ['component', 'owner'], ['component', 'system'], ['component', 'subcomponentOf'], ['api', 'owner'], ['system', 'domain'], ['domain', 'subdomainOf'],
  ['group', 'parent'], ['template', 'owner'],
];
const referenceListPlaces = [
  ['component', 'providesApis'], ['component', 'consumesApis'], ['component', 'dependsOn'], ['component', 'dependencyOf'], ['resource', 'dependsOn'],
  ['group', 'children'], ['group', 'members'], ['user', 'memberOf'],
];
const someReferences = ['a', 'Kind:Space/Name', 'a/b', ':a', 'a:', 'a//', 'a:b:c', '/', 'user:jo', 'a/b:c'];
const compound = [{ kind: 'Component', namespace: 'n', name: 'x' }, { kind: 'Component', name: 'x' }, { name: 'x' }, { kind: 'Component' }, { kind: '', name: 'x' }];

export const entities = [
  ...Object.keys(bases).map(base => ({ base, changes: [] })),
  ...Object.keys(bases).flatMap(base => [
    ...['/apiVersion', '/kind', '/metadata', '/metadata/name', '/spec'].map(at => ({ base, changes: [drop(at)] })),
    ...versions.map(version => ({ base, changes: [set('/apiVersion', version)] })),
    { base, changes: [set('/spec', {})] },
    { base, changes: [set('/metadata', {})] },
    { base, changes: [set('/extra', 1)] },
  ]),
  ...grid('component', ['/apiVersion', '/kind', '/metadata', '/spec', '/relations', '/status', '/<<'], types),
  ...grid(
    'component, all',
    [
      '/metadata/name', '/metadata/namespace', '/metadata/uid', '/metadata/etag', '/metadata/title', '/metadata/description', '/metadata/labels',
      '/metadata/labels/tier', '/metadata/annotations', '/metadata/annotations/note', '/metadata/tags', '/metadata/tags/0', '/metadata/links',
      '/metadata/links/0', '/metadata/links/0/url', '/metadata/links/0/title', '/metadata/links/0/icon', '/metadata/links/0/type',
      '/metadata/links/0/other', '/metadata/custom',
    ],
    types,
  ),
  ...grid('component', ['/metadata/name', '/metadata/namespace', '/metadata/labels/x', '/metadata/annotations/x'], names),
  ...grid('component', ['/kind'], kinds),
  ...keys.flatMap(key => ['labels', 'annotations'].map(at => ({ base: 'component', changes: [set(`/metadata/${at}`, { [key]: 'a' })] }))),
  ...tags.map(tag => ({ base: 'component', changes: [set('/metadata/tags', [tag])] })),
  ...urls.map(url => ({ base: 'component', changes: [set('/metadata/links', [{ url }])] })),
  ...Object.entries(specPlaces).flatMap(([base, places]) => grid(base, places.map(place => `/spec/${place}`), types)),
  ...grid('location', ['/spec/presence'], ['required', 'Optional']),
  ...grid('api', ['/spec/type'], ['mcp-server', 'mcp']),
  ...referencePlaces.flatMap(([base, place]) => grid(base, [`/spec/${place}`], someReferences)),
  ...referenceListPlaces.flatMap(([base, place]) => someReferences.map(text => ({ base, changes: [set(`/spec/${place}`, [text, 'component:ok'])] }))),
  ...['component', 'resource'].flatMap(base =>
    [...someReferences, ...compound, ...compound.map(one => [one]), [['component:a', 'component:b']]].map(value => ({
      base,
      changes: [set('/spec/dependencyOf', value)],
    })),
  ),
  { base: 'component, all', changes: [set('/metadata/namespace', 'other')] },
  { base: 'template', changes: [set('/spec/parameters', { properties: {}, 'backstage:permissions': { tags: [1] } })] },
  { base: 'template', changes: [set('/spec/parameters', { 'backstage:permissions': [] })] },
];

const scalars = [
  'yes', 'no', 'on', 'y', 'true', 'True', 'TRUE', 'tRUE', 'null', 'Null', 'nULL', '~', '', '1', '+1', '-1', '-0', '0017', '1.', '.5', '1.0', '1e3', '1E+3',
  '1e', '.', '-', '0o17', '0o8', '0x1F', '-0x1', '0b1', '1_000', '1:30', '2020-01-01', '.inf', '-.Inf', '.nan', '12345678901234567890', '9007199254740993',
  '1e400', '1e-7', '123456789.123456789', "'1'", '"1"', '"\\x41\\u00e9\\n"', "'it''s'", '!!str 1', '!!int "1"', '!!float 1.5', '!!bool true', '!!bool x',
  '!!null x', '!foo 1', '!!map {b: 1}', '!!seq [b]', '[1, two, {x: y}, [z]]', '{x: , y: 1}', '[a: 1, b]', 'b #c', 'b#c', '@b', '`b', '%b', '*b', '&b', '&b c',
  'b: c', '- b', ']', '[1, 2', '{a', '"x', '|\n  x\n  y\n', '|-\n  x\n', '|+\n  x\n\n', '>\n  x\n  y\n\n  z\n', '>-\n  x\n   y\n', '|2\n   x\n', 'x\n  y', '"x\n  y"',
];

export const documents = [
  ...scalars.map(scalar => `a: ${scalar}\n`),
  '', '# only\n', '---\n', '---\n---\n', '...\n', 'text\n', '- a\n- b\n', 'null\n',
  'a: 1\nb: 2\na: 3\n', '{a: 1, a: 2}\n', '1: a\n"1": b\n', 'null: a\n', '? a\n? b\n', '? a\n: b\n', 'a: 1\n---\nb: [\n---\nc: 3\n', 'a: 1\r\nb: 2\r\n', '\ufeffa: 1\n',
  'a:\tb\n', 'a:\t\tb\nc: 1\n', '\ta: 1\n', 'a:\n\tb: 1\n', 'a:\n  b: 1\n   c: 2\n', 'a:\n- b\n- c\n', 'a:\n  - b\n -c\n', '-\tb\n', 'a: [\n  1,\n  2,\n]\n',
  '<<: {a: 1}\nb: 2\n', 'x: &x {a: 1}\ny:\n  <<: *x\n  b: 2\n', 'x: &x 1\n---\ny: *x\n', 'x: &x [1]\ny: [*x, *x]\n', '%YAML 1.2\n---\na: 1\n', '--- a\n', '--- {a: 1}\n',
  'a: "b" c\n', "a: 'b\n", 'a: b\nc\n', 'a\nb: c\n', '"a": 1\n\'b\': 2\n', '{"a": [1, true, null, "x\\n"], "b": {}}', '[]', '{}', '"text"', '12',
  'key with spaces: 1\n', '"a:b": 1\na:b: 2\n', 'a: b: c: d\n', 'a: {b: {c: [1, [2]]}}\n', 'a : 1\n', 'a:1\n', 'http://x: 1\n', 'a: http://x:80/y\n', 'ü: ö\n',
  '__proto__: 1\n', 'a: !!str\n', 'a: # comment\n  b: 1\n', '# c\na: 1 # d\n# e\n', 'a: "\\q"\n', 'a: ${{ x }}\n', 'a: {{ x }}\n', '{{ x }}: 1\n', 'a: |\n   x\n  y\n',
];
