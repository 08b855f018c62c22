import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CutoverError } from '../../domain/errors.ts';
import { jsonSchemas, schemaText, undescribedKeys } from '../../domain/json-schemas.ts';
import { type Capability, entityOf } from '../../domain/workspace.ts';
import { findWorkspace, loadWorkspace } from './load-workspace.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'workspace-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const shipped = fileURLToPath(new URL('../../../mappings', import.meta.url));

function write(files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

const sound = {
  'ws/cutover.yaml': `version: 1
namespace: northgate
systems:
  meditrack: {connector: files, directory: exports}
  odoo: {connector: odoo, url: "http://127.0.0.1:8169", api_key: "\${ODOO_API_KEY}"}
capabilities: [buying]
`,
  'ws/mappings/buying/capability.yaml': 'capability: buying\nextends: base@1\n',
  'ws/mappings/buying/supplier.yaml': 'fields:\n  name: {required: true}\n  fax: null\nodoo:\n  fields: {fax: null}\n',
  'ws/mappings/buying/sources/meditrack/supplier.yaml':
    "system: meditrack\nentity: supplier\nfrom: vendors.csv\nfields:\n  no: NO\n  name: NAME\n  term: code('terms', T)\n",
  'ws/mappings/buying/codes/terms.csv': 'source,target,status\nA,net10,confirmed\n',
  'packs/base/capability.yaml': 'capability: base\nversion: 1\nentities: [supplier]\n',
  'packs/base/supplier.yaml': `entity: supplier
version: 1
key: [no]
fields:
  no: {type: text, required: true}
  name: {type: text}
  fax: {type: text}
  term: {type: code, codes: terms}
odoo:
  model: res.partner
  fields: {no: ref, name: name, fax: fax}
`,
  'packs/base/codes/terms.csv': 'source,target,status\nA,net30,confirmed\nB,net60,confirmed\n',
};

const load = () => loadWorkspace(path.join(root, 'ws'), { packsDirectory: path.join(root, 'packs'), environment: {} });

async function mistakes(files: Record<string, string>): Promise<readonly string[]> {
  write({ ...sound, ...files });
  const error = (await load().then(
    () => new Error('it was accepted'),
    (caught: unknown) => caught,
  )) as CutoverError;
  expect(error.code, error.message).toBe('E_CONFIG');
  return error.details;
}

describe('a pack and its overlay', () => {
  it('merge by entity: maps merge, null removes, code maps win by source value', async () => {
    write(sound);
    const workspace = await load();
    const capability = workspace.capabilities.get('buying')!;
    const { contract, sources } = entityOf(capability, 'supplier');
    expect(Object.keys(contract.fields)).toEqual(['no', 'name', 'term']);
    expect(contract.fields.name).toMatchObject({ type: 'text', required: true });
    expect(Object.keys(contract.odoo?.fields ?? {})).toEqual(['no', 'name']);
    expect(sources[0]?.mapping.fields.term).toBe("code('terms', T)");
    expect(capability.codes.get('terms')?.rows.map((row) => [row.source, row.target])).toEqual([
      ['A', 'net10'],
      ['B', 'net60'],
    ]);
  });

  it('know which file a value came from', async () => {
    write(sound);
    const { position } = entityOf((await load()).capabilities.get('buying')!, 'supplier');
    expect(position(['fields', 'name', 'required'])).toEqual({ file: 'mappings/buying/supplier.yaml', line: 2, column: 20 });
    expect(position(['fields', 'no', 'type'])).toEqual({ file: path.join(root, 'packs/base/supplier.yaml'), line: 5, column: 14 });
  });

  it('have a hash that comments do not change and definitions do', async () => {
    write(sound);
    const before = (await load()).capabilities.get('buying')!.hash;
    write({ 'ws/mappings/buying/supplier.yaml': `# a remark\nodoo: {fields: {fax: ~}}\nfields:\n  fax: ~\n  name: {required: true}\n` });
    expect((await load()).capabilities.get('buying')!.hash).toBe(before);
    write({ 'ws/mappings/buying/codes/terms.csv': 'source,target,status\nA,net11,confirmed\n' });
    expect((await load()).capabilities.get('buying')!.hash).not.toBe(before);
  });

  it('refuse another version, an unknown pack, an empty value and a removal of nothing', async () => {
    expect(await mistakes({ 'ws/mappings/buying/capability.yaml': 'capability: buying\nextends: base@2\n' })).toEqual([
      "mappings/buying/capability.yaml:2:10  the shipped pack 'base' is version 1, this capability was made for 2: read CHANGELOG.md, then write base@1",
    ]);
    expect((await mistakes({ 'ws/mappings/buying/capability.yaml': 'capability: buying\nextends: bace@1\nentities: []\n' }))[0]).toBe(
      "mappings/buying/capability.yaml:2:10  no shipped pack 'bace'; did you mean 'base'?",
    );
    expect(await mistakes({ 'ws/mappings/buying/supplier.yaml': 'fields:\n  fax:\n  fux: null\nodoo: {fields: {fax: null}}\n' })).toEqual([
      "mappings/buying/supplier.yaml:2:3  'fax' has no value; write null to remove it from the pack's definition",
      "mappings/buying/supplier.yaml:3:3  the pack has no 'fux' that null could remove",
    ]);
  });
});

describe('mistakes', () => {
  it('are told together, of all files, with their places', async () => {
    const found = await mistakes({
      'ws/cutover.yaml': sound['ws/cutover.yaml'].replace('namespace', 'namspace').replace('directory', 'diretcory'),
      'ws/mappings/buying/sources/meditrack/supplier.yaml': 'system: meditrack\nentity: supplier\nfrom: vendors.csv\nfields: {no: NO, nam: NAME, name: NAME}\n',
    });
    expect(found).toEqual([
      "cutover.yaml:1:1  'namespace' is missing",
      "cutover.yaml:2:1  unknown key 'namspace'; did you mean 'namespace'?",
      "cutover.yaml:4:3  'systems.meditrack.directory' is missing",
      "cutover.yaml:4:33  unknown key 'diretcory'; did you mean 'directory'?",
      "mappings/buying/sources/meditrack/supplier.yaml:4:23  no field 'nam'; did you mean 'name'?",
    ]);
  });

  it('in mappings: every unknown field, missing key, wrong code map and wrong place', async () => {
    const found = await mistakes({
      'ws/mappings/buying/sources/meditrack/supplier.yaml':
        "system: meditrack\nentity: supplier\nfrom: a.csv\nquery: select 1\nfields:\n  nmae: NAME\n  term: code('trems', T)\n  name: code('terms', NAME)\n",
      'ws/mappings/buying/sources/meditrak/supplier.yaml': 'system: meditrak\n',
      'ws/mappings/buying/suplier.yaml': 'entity: suplier\n',
      'ws/mappings/buying/sources/meditrack/supplier.yml': '',
      'ws/decisions/link.csv': '',
      'ws/mappings/selling/x': '',
    });
    expect([...found].sort()).toEqual(
      [
        "decisions/link.csv:1:1  not a file of decisions that cutover knows; did you mean 'links.csv'?",
        "mappings/buying/sources/meditrack/supplier.yaml:4:8  'query' is for SQL systems; files have 'from'",
        "mappings/buying/sources/meditrack/supplier.yaml:1:1  one of 'from' and 'query' must say where the rows come from",
        "mappings/buying/sources/meditrack/supplier.yaml:6:9  no field 'nmae'; did you mean 'name'?",
        "mappings/buying/sources/meditrack/supplier.yaml:6:3  the key field 'no' is not mapped",
        "mappings/buying/sources/meditrack/supplier.yaml:7:9  there is no codes/trems.csv, which 'term' is translated by; did you mean 'terms'?",
        "mappings/buying/sources/meditrack/supplier.yaml:8:9  code('terms', …) is for fields of type code; 'name' is of type text",
        "mappings/buying/sources/meditrack/supplier.yml:1:1  not a file that cutover knows; did you mean 'sources/meditrack/supplier.yaml'?",
        "mappings/buying/sources/meditrak/supplier.yaml:1:1  no system 'meditrak' in cutover.yaml; did you mean 'meditrack'?",
        "mappings/buying/suplier.yaml:1:1  the entity 'suplier' is not in 'entities' of capability.yaml; did you mean 'supplier'?",
        "mappings/selling:1:1  'selling' is not among the capabilities of cutover.yaml",
      ].sort(),
    );
  });

  it('an identifier scheme that nobody knows', async () => {
    expect(
      await mistakes({ 'ws/mappings/buying/supplier.yaml': 'fields:\n  tax: {type: identifier, scheme: us-ien}\n  bank: {type: identifier, scheme: iban}\n' }),
    ).toEqual(["mappings/buying/supplier.yaml:2:35  no identifier scheme 'us-ien'; did you mean 'us-ein'?"]);
  });

  it('a boolean in quotes is refused, not taken for true', async () => {
    expect(await mistakes({ 'ws/mappings/buying/supplier.yaml': 'fields:\n  name: {required: "false"}\n  fax: null\nodoo: {fields: {fax: null}}\n' })).toEqual([
      `mappings/buying/supplier.yaml:2:20  'fields.name.required' must be true or false, not the text "false": leave out the quotes`,
    ]);
  });

  it('a key that stands twice is refused', async () => {
    expect(await mistakes({ 'ws/mappings/buying/supplier.yaml': 'fields:\n  name: {required: true}\n  name: {required: false}\n' })).toEqual([
      'mappings/buying/supplier.yaml:3:3  the key stands here a second time; keep one of them',
    ]);
  });

  it('a word that is one letter off gets a suggestion, inside a kind of field too', async () => {
    expect(
      await mistakes({
        'ws/mappings/buying/supplier.yaml':
          'fields:\n  name: {typ: text}\n  no: {type: txt}\n  fax: {type: money, tolerence: 1}\nodoo: {fields: {fax: null}}\n',
      }),
    ).toEqual([
      "mappings/buying/supplier.yaml:2:10  unknown key 'typ'; did you mean 'type'?",
      "mappings/buying/supplier.yaml:3:14  'fields.no.type' must be one of text, identifier, choice, code, ref, boolean, integer, decimal, quantity, money, date, timestamp; did you mean 'text'?",
      "mappings/buying/supplier.yaml:4:22  unknown key 'tolerence'; did you mean 'tolerance'?",
    ]);
  });

  it('a misspelt key that tells alternatives apart is named, and a number that is none is not said to stand in quotes', async () => {
    const text = sound['ws/cutover.yaml'].replace('connector: files', 'conector: files');
    expect(await mistakes({ 'ws/cutover.yaml': `${text}policies: {rejects: many, shrink_percent: "20"}\n` })).toEqual([
      "cutover.yaml:4:15  unknown key 'conector'; did you mean 'connector'?",
      "cutover.yaml:7:21  'policies.rejects' must be a number",
      "cutover.yaml:7:43  'policies.shrink_percent' must be a number: leave out the quotes",
    ]);
  });

  it('secrets written in the file are refused without being repeated', async () => {
    const found = await mistakes({
      'ws/cutover.yaml': `version: 1
namespace: northgate
systems:
  old: {connector: sql, url: "postgres://u:hunter2@host/db"}
  meditrack: {connector: files, directory: exports}
  odoo: {connector: odoo, url: "http://x", api_key: hunter2}
capabilities: [buying]
`,
    });
    expect(found.join('\n')).not.toContain('hunter2');
    expect(found).toEqual(["cutover.yaml:6:53  'systems.odoo.api_key': a secret is named by ${ENV} or file:PATH, never written here"]);
    const inside = await mistakes({
      'ws/cutover.yaml': sound['ws/cutover.yaml']
        .replace('"${ODOO_API_KEY}"', 'file:secrets/key')
        .replace('exports}', 'exports}\n  old: {connector: sql, url: "postgres://u:hunter2@host/db"}'),
    });
    expect(inside).toEqual([
      'cutover.yaml:5:30  a password is written here; name it by ${ENV} instead',
      'cutover.yaml:6:66  the file of a secret must lie outside the workspace',
    ]);
  });

  it('code maps: unknown columns, unknown words and values that stand twice', async () => {
    expect(await mistakes({ 'ws/mappings/buying/codes/terms.csv': 'source,target,status\nA,x,confirmd\nB,y,confirmed\nB,z,proposed\n' })).toEqual([
      "mappings/buying/codes/terms.csv:2:1  'status' must be one of proposed, confirmed; did you mean 'confirmed'?",
      "mappings/buying/codes/terms.csv:4:1  the source value 'B' stands already in line 3",
    ]);
    expect(await mistakes({ 'ws/mappings/buying/codes/terms.csv': 'sorce,target,status\nA,x,confirmed\n' })).toEqual([
      "mappings/buying/codes/terms.csv:1:1  unknown column 'sorce'; did you mean 'source'?",
      "mappings/buying/codes/terms.csv:1:1  the column 'source' is missing",
    ]);
  });

  it('link decisions name entities and systems there are, each record once', async () => {
    const header = 'entity,system,key,odoo,decision,by,at,reason\n';
    expect(
      await mistakes({
        'ws/decisions/links.csv': `${header}suplier,meditrack,1,5,same,me,2026-01-01,\nsupplier,meditrack,1,5,same,me,2026-01-01,\nsupplier,meditrack,1,6,same,me,2026-01-01,\n`,
      }),
    ).toEqual(["decisions/links.csv:2:1  no entity 'suplier'; did you mean 'supplier'?", 'decisions/links.csv:4:1  this record is decided already in line 3']);
  });
});

describe('positions inside texts', () => {
  it('follow blocks, quotes and folded lines', async () => {
    write({
      ...sound,
      'ws/mappings/buying/sources/meditrack/supplier.yaml': [
        'system: meditrack',
        'entity: supplier',
        'from: vendors.csv',
        'filter: |',
        "  A = 'x'",
        '    and B = 1',
        'fields:',
        "  no: 'a || ''-'' || B'",
        '  name: "\\"N\\" || B"',
        "  term: code('terms', B)",
        '',
      ].join('\n'),
    });
    const source = entityOf((await load()).capabilities.get('buying')!, 'supplier').sources[0]!;
    const at = (where: string[], letter: string) => {
      const text = where[0] === 'filter' ? source.mapping.filter! : source.mapping.fields[where[1]!]!;
      const { line, column } = source.position(where, text.lastIndexOf(letter));
      return [line, column];
    };
    expect(at(['filter'], 'B')).toEqual([6, 9]);
    expect(at(['fields', 'no'], 'B')).toEqual([8, 22]);
    expect(at(['fields', 'name'], 'B')).toEqual([9, 19]);
    expect(at(['fields', 'term'], 'B')).toEqual([10, 23]);
  });
});

describe('finding a workspace', () => {
  it('looks here and above', async () => {
    write(sound);
    expect(await findWorkspace(path.join(root, 'ws/mappings/buying'))).toBe(path.join(root, 'ws'));
    await expect(findWorkspace(root)).rejects.toMatchObject({ code: 'E_WORKSPACE_NOT_FOUND' });
  });
});

describe('environments', () => {
  const withEnvironments = (text: string) => ({ 'ws/cutover.yaml': `${sound['ws/cutover.yaml']}environments:\n${text}` });

  it('name an Odoo that there is, a state that there can be, and enough people', async () => {
    expect((await mistakes(withEnvironments('  live: {production: true, allow_mail: true}\n'))).join()).toMatch(/^cutover.yaml:8:/);
    expect(await mistakes(withEnvironments('  copy: {odoo: odo}\n  live: {state: postgre, approvals: {required: 2, by: [S. Ortega]}}\n'))).toEqual([
      expect.stringMatching(/^cutover.yaml:8:16 {2}'odo' is no system with connector: odoo.*'odoo'/),
      expect.stringMatching(/^cutover.yaml:9:17 {2}'state' must be embedded or postgres/),
      expect.stringMatching(/^cutover.yaml:9:.* {2}2 approvals are required, and only 1 may give one/),
    ]);
  });

  it('do not keep two Odoos in one store, and hold no literal secret', async () => {
    const two = '  a: {store: same}\n  b: {store: ./same/, odoo: copy, state: "postgres://u:geheim@h/d"}\n';
    const file = sound['ws/cutover.yaml'].replace('capabilities:', '  copy: {connector: odoo, url: "http://127.0.0.1:1"}\ncapabilities:');
    expect(await mistakes({ 'ws/cutover.yaml': `${file}age_identity: AGE-SECRET-KEY-1ABC\nenvironments:\n${two}` })).toEqual([
      expect.stringContaining('a secret is named by ${ENV} or file:PATH'),
    ]);
    expect(await mistakes({ 'ws/cutover.yaml': `${file}environments:\n${two}` })).toEqual([
      expect.stringContaining("'b' and 'a' keep snapshots of two Odoos in one store"),
      expect.stringContaining('a password is written here'),
    ]);
  });
});

describe('what is shipped', () => {
  it('every pack is sound by itself', async () => {
    write({
      'ws/cutover.yaml': sound['ws/cutover.yaml'].replace('buying', 'procurement'),
      'ws/mappings/procurement/capability.yaml': 'capability: procurement\nextends: procurement@1\n',
    });
    const workspace = await loadWorkspace(path.join(root, 'ws'), { packsDirectory: shipped, environment: {} });
    expect(workspace.capabilities.get('procurement')?.entities.at(-1)?.contract.entity).toBe('purchase_order_line');
  });

  it('every key that may be written is described, and schemas/ is up to date (npm run schemas)', () => {
    for (const [name, schema] of jsonSchemas()) {
      expect(undescribedKeys(schema), name).toEqual([]);
      expect(readFileSync(path.join(shipped, '../schemas', name), 'utf8'), `${name} is out of date: npm run schemas`).toBe(schemaText(schema));
    }
  });
});

describe('entities that are optional', () => {
  const optional = {
    'packs/base/capability.yaml': 'capability: base\nversion: 1\nentities: [region, supplier]\noptional: [region]\n',
    'packs/base/region.yaml':
      'entity: region\nversion: 1\nkey: [no]\nfields:\n  no: {type: text, required: true}\nodoo:\n  model: res.country\n  fields: {no: code}\n',
    'ws/mappings/buying/supplier.yaml': 'fields:\n  fax: null\n  region: {type: ref, entity: region}\nodoo:\n  fields: {fax: null, region: country_id}\n',
  };
  const region = { 'ws/mappings/buying/sources/meditrack/region.yaml': 'system: meditrack\nentity: region\nfrom: regions.csv\nfields: {no: NO}\n' };
  const supplier = sound['ws/mappings/buying/sources/meditrack/supplier.yaml'];

  it('are bound to Odoo where a source yields them, and take no part where none does', async () => {
    write({ ...sound, ...optional });
    const bound = async () => entityOf((await load()).capabilities.get('buying') as Capability, 'region').contract.odoo !== undefined;
    expect(await bound()).toBe(false);
    write(region);
    expect(await bound()).toBe(true);
  });

  it('must have a source when a field that refers to them has a value, and must exist', async () => {
    const referring = { 'ws/mappings/buying/sources/meditrack/supplier.yaml': `${supplier}  region: REGION\n` };
    expect((await mistakes({ ...optional, ...referring })).join()).toContain("'region' refers to 'region', which is not bound to Odoo");
    expect(
      await mistakes({ ...optional, 'packs/base/capability.yaml': 'capability: base\nversion: 1\nentities: [region, supplier]\noptional: [regions]\n' }),
    ).toEqual([expect.stringContaining("no entity 'regions' in this capability; did you mean 'region'?")]);
  });

  it('are left out by a shorter list too: what looks into them stays as it is, and only a value that refers to one is a mistake', async () => {
    const city =
      'entity: city\nversion: 1\nkey: [no]\nfields:\n  no: {type: text, required: true}\n  region: {type: ref, entity: region}\n  beds: {type: integer}\n';
    const capability = 'capability: buying\nextends: base@1\nentities: [supplier]\n';
    const sums =
      'checks:\n  - {name: beds, sums: {beds: area.beds}, when: beds > 0, hint: None.}\n' + '  - {name: far, when: region.no is null, hint: None.}\n';
    const shorter = {
      ...optional,
      'packs/base/capability.yaml': 'capability: base\nversion: 1\nentities: [region, city, area, supplier]\n',
      'packs/base/city.yaml': city,
      'packs/base/area.yaml': city.replace('entity: city', 'entity: area').replace('region: {type: ref, entity: region}', 'of: {type: ref, entity: supplier}'),
      'ws/mappings/buying/capability.yaml': capability,
      'ws/mappings/buying/supplier.yaml': `${optional['ws/mappings/buying/supplier.yaml']}${sums}`,
    };
    write({ ...sound, ...shorter });
    const { entities } = (await load()).capabilities.get('buying') as Capability;
    expect(entities.map(({ contract, sources }) => [contract.entity, contract.odoo !== undefined, sources.length])).toEqual([
      ['region', false, 0],
      ['supplier', true, 1],
      ['area', false, 0],
    ]);
    const referring = { 'ws/mappings/buying/sources/meditrack/supplier.yaml': `${supplier}  region: REGION\n` };
    expect((await mistakes({ ...shorter, ...referring })).join()).toContain("which is left out of 'entities': list it, or leave the field unmapped");
    expect(await mistakes({ ...shorter, ...region })).toEqual([expect.stringContaining("no entity 'region' in this capability")]);
  });
});
