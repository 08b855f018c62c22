/** What can be seen only in the night it happens stays reported until somebody decides it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { MatchResult } from '../../src/domain/results.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { openDesk } from './transcript.ts';

const firms = [
  'Kestrel',
  'Alder',
  'Quarry',
  'Brightwater',
  'Harrow',
  'Lindell',
  'Morrow',
  'Nesbit',
  'Orchard',
  'Pelham',
  'Quill',
  'Rowan',
  'Sable',
  'Tarn',
  'Umber',
];
const trades = ['Linen', 'Optics', 'Imaging'];

/** 45 suppliers with a number and a tax number of their own. */
function suppliers(changed: Readonly<Record<number, string>> = {}): string {
  const rows = Array.from({ length: 45 }, (_, index) => {
    const name = changed[index] ?? `${firms[index % 15]} ${trades[Math.floor(index / 15)]}`;
    const moved = changed[index] === undefined ? 0 : 500;
    return `${String(100 + index).padStart(6, '0')},${name},${String(12_000_000 + (index + moved) * 7919).padStart(9, '3')},${index + moved} Mill Lane`;
  });
  return `no,name,ein,street\n${rows.join('\n')}\n`;
}

test('a number given to another firm stays a conflict on the nights after, until it is decided', { timeout: 300_000 }, async () => {
  const sandbox = await startSandbox({});
  onTestFinished(() => sandbox.stop());
  const { directory, runWith } = await openDesk();
  const files = {
    'cutover.yaml': `version: 1\nnamespace: e2e_nights\nsystems:\n  ledger: {connector: files, directory: exports}\n  odoo: {connector: odoo, url: "${sandbox.url}", database: "${sandbox.database}", login: "${sandbox.login}", api_key: "\${ODOO_API_KEY}"}\ncapabilities: [procurement]\n`,
    'mappings/procurement/capability.yaml': 'capability: procurement\nextends: procurement@1\n',
    'mappings/procurement/supplier.yaml': 'fields:\n  tax_id: {scheme: us-ein}\n',
    'mappings/procurement/sources/ledger/supplier.yaml':
      'system: ledger\nentity: supplier\nfrom: suppliers.csv\nfields: {supplier_no: no, name: name, tax_id: ein, street: street}\n',
    'exports/suppliers.csv': suppliers(),
  };
  for (const [file, content] of Object.entries(files)) {
    await mkdir(join(directory, file, '..'), { recursive: true });
    await writeFile(join(directory, file), content);
  }
  const night = async (): Promise<MatchResult> => {
    const pulled = await runWith({ ODOO_API_KEY: sandbox.apiKey }, 'pull', '--json');
    expect(pulled.exit, pulled.stderr).toBe(0);
    const matched = await runWith({ ODOO_API_KEY: sandbox.apiKey }, 'match', 'procurement', '--json');
    expect([0, 3], matched.stdout).toContain(matched.exit);
    return matched.json.data as MatchResult;
  };
  expect((await night()).conflicts).toEqual({});
  await writeFile(join(directory, 'exports/suppliers.csv'), suppliers({ 7: 'Zephyr Surgical Robotics' }));
  const second = await night();
  expect(second.conflicts).toEqual({ 'identifier-reused': 1 });
  const third = await night();
  expect(third.conflicts).toEqual({ 'identifier-reused': 1 });

  // the worklist, filled in, is a file of decisions
  const [worklist = ''] = third.files.filter((file) => file.endsWith('.csv'));
  const [header = '', row = ''] = (await readFile(worklist, 'utf8')).trim().split('\n');
  const columns = header.split(',');
  const filled = row.split(',').map((value, index) => ({ decision: 'keep', by: 'A. Steward' })[columns[index] ?? ''] ?? value);
  await mkdir(join(directory, 'decisions'), { recursive: true });
  await writeFile(join(directory, 'decisions/match-november.csv'), `${header}\n${filled.join(',')}\n`);
  const fourth = await night();
  expect(fourth.conflicts).toEqual({});
  expect(fourth.entities.find(({ entity }) => entity === 'supplier')?.decisions).toEqual({ applied: 1, stale: 0 });
});
