/** A hospital whose Odoo is in use already: what is there is linked and not made again, and a merge that somebody makes in Odoo is followed. Typed as a
 *  person types it; the same on the sandbox and on a real Odoo. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectOdoo } from '../../src/adapters/odoo/connection.ts';
import type { OdooConnection } from '../../src/domain/ports.ts';
import type { LoadRunResult, MatchResult, PlanResult, ReconcileResult } from '../../src/domain/results.ts';
import { mergePartners } from '../merge/merging.ts';
import { openDesk } from './transcript.ts';

export interface OdooInUse {
  readonly url: string;
  readonly database: string;
  readonly login: string;
  readonly apiKey: string;
}

const SUPPLIERS = `no,name,tax,street,city,phone
000101,Kestrel Medical Supplies,DE136695976,Marktweg 4,Ulm,+49 731 5550101
000102,Alder & Finch Instruments,,8 Mill Lane,Ipswich,+44 1473 555102
000103,Old Quarry Linen,,2 Quarry Road,Ely,+44 1353 555103
000104,Brightwater Imaging,FR40303265045,9 rue du Port,Lyon,+33 4 5555 0104
000105,Brightwater Imaging SA,,9 rue du Port,Lyon,+33 4 5555 0104
000106,Harrow Sterile Packs,,77 High Street,Bath,+44 1225 555106
`;
const PRODUCTS = `no,name,gtin
P-1,Examination gloves nitrile M,4006381333931
P-2,Examination gloves nitrile L,5901234123457
P-3,Suture silk 3-0,
`;
const MAPPINGS = {
  supplier:
    'system: ledger\nentity: supplier\nfrom: suppliers.csv\nfields: {supplier_no: no, name: name, tax_id: tax, street: street, city: city, phone: phone}\n',
  product: 'system: ledger\nentity: product\nfrom: products.csv\nfields: {product_no: no, name: name, barcode: gtin}\n',
};

export function linksAndFollows(inUse: () => OdooInUse): void {
  test('what Odoo has already is linked, and a merge made in Odoo is followed', { timeout: 600_000 }, async () => {
    const desk = await openDesk();
    await writeWorkspace(desk.directory, inUse());
    const odoo = await connectOdoo({ ...inUse(), concurrency: 2, timeoutSeconds: 120 });
    const has = await keyIn(odoo);
    const step = async <Data>(exit: number | 'calm', ...args: string[]): Promise<Data> => {
      const { exit: code, stdout, stderr } = await desk.runWith({ ODOO_API_KEY: inUse().apiKey }, ...args, '--json');
      expect(code, `cutover ${args.join(' ')}\n${stdout}\n${stderr}`).toBe(
        exit === 'calm' ? (Object.keys(JSON.parse(stdout).data?.conflicts ?? {}).length === 0 ? 0 : 3) : exit,
      );
      return JSON.parse(stdout).data as Data;
    };
    const partners = (): Promise<number[]> => odoo.searchIds('res.partner', [['ref', '=like', '0001%']]);

    // the first night: two suppliers and a product are there
    expect(await partners()).toEqual([]);
    await step(0, 'pull');
    const first = await step<MatchResult>('calm', 'match', 'procurement');
    expect(first.crosswalk).toEqual({ linked: 0, new: 3, repointed: 0, dangling: 0 });
    const planned = await step<PlanResult>(0, 'plan', 'procurement', '--out', 'first.plan');
    expect(planned.actions).toMatchObject({ link: 3, create: 6, refuse: 0 });
    const loaded = await step<LoadRunResult>(0, 'load', 'first.plan');
    const run = loaded.runId;
    expect(loaded.records).toMatchObject({ created: 6, linked: 3 });
    expect(await partners()).toHaveLength(6);
    expect((await odoo.read('res.partner', [has.kestrel], ['ref', 'street']))[0]).toMatchObject({ ref: '000101', street: 'Marktweg 4' });

    // nothing new the night after
    await step(0, 'pull', 'odoo');
    const second = await step<MatchResult>('calm', 'match', 'procurement');
    expect(second.crosswalk).toEqual({ linked: 9, new: 0, repointed: 0, dangling: 0 });

    // somebody merges two partners through Odoo's own wizard
    const [goes = 0, stays = 0] = await Promise.all(['000105', '000104'].map(async (ref) => (await odoo.searchIds('res.partner', [['ref', '=', ref]]))[0]));
    await mergePartners(odoo, [goes, stays], stays);
    const night = await step<ReconcileResult & { match: MatchResult }>(3, 'run', 'procurement');
    expect(night.match.crosswalk).toEqual({ linked: 9, new: 0, repointed: 1, dangling: 0 });
    expect(night.match.conflicts).toMatchObject({ 'crosswalk-repointed': 1 });
    expect(night.entities.find(({ entity }) => entity === 'supplier')?.breaks).toEqual({});
    const after = await step<PlanResult>(0, 'plan', 'procurement', '--out', 'after.plan');
    expect(after.actions).toMatchObject({ create: 0, update: 0, link: 0, archive: 0, refuse: 0 });
    await step(0, 'load', 'after.plan');
    expect(await partners()).toHaveLength(5);

    // it stays reported until a person has said that the two are one
    const fork = await step<MatchResult>(3, 'match', 'procurement');
    expect(fork.crosswalk).toEqual({ linked: 9, new: 0, repointed: 0, dangling: 0 });
    expect(fork.conflicts).toMatchObject({ 'crosswalk-fork': 1 });
    await mkdir(join(desk.directory, 'decisions'), { recursive: true });
    await writeFile(join(desk.directory, 'decisions/match.csv'), 'entity,left,right,decision,by\nsupplier,ledger/000104,ledger/000105,same,A. Steward\n');
    const settled = await step<MatchResult>('calm', 'match', 'procurement');
    // what is wrong in Odoo by itself, as its demo data are, stays
    expect(settled.conflicts).toEqual(first.conflicts);
    const worklist = await readFile(settled.files.find((file) => file.endsWith('.csv')) ?? '', 'utf8');
    expect(worklist).not.toContain('000105');

    // and back again: what was made goes, what was there before is as it was, and the record that somebody merged another into is theirs now
    const back = await step<LoadRunResult>(4, 'rollback', run);
    expect(back.conflicts).toMatchObject([{ entity: 'supplier', key: '000104' }]);
    expect(await partners()).toEqual([stays]);
    expect((await odoo.read('res.partner', [has.kestrel], ['name', 'ref', 'street']))[0]).toMatchObject({
      name: 'KESTREL Medical Supplies',
      ref: false,
      street: false,
    });
  });
}

/** What somebody keyed in before the tool came. */
async function keyIn(odoo: OdooConnection): Promise<{ kestrel: number }> {
  const [kestrel = 0] = await odoo.call<number[]>('res.partner', 'create', {
    vals_list: [{ name: 'KESTREL Medical Supplies', vat: 'DE136695976', is_company: true, phone: '+49 731 5550101' }],
  });
  await odoo.call('res.partner', 'create', {
    vals_list: [{ name: 'Alder and Finch Instruments', is_company: true, street: '8 Mill Lane', city: 'Ipswich', phone: '+44 1473 555102' }],
  });
  await odoo.call('product.product', 'create', { vals_list: [{ name: 'Gloves, examination, nitrile M', barcode: '4006381333931' }] });
  return { kestrel };
}

async function writeWorkspace(directory: string, odoo: OdooInUse): Promise<void> {
  const files = {
    'cutover.yaml': `version: 1\nnamespace: e2e_match\nsystems:\n  ledger: {connector: files, directory: exports}\n  odoo: {connector: odoo, url: "${odoo.url}", database: "${odoo.database}", login: "${odoo.login}", api_key: "\${ODOO_API_KEY}"}\ncapabilities: [procurement]\n`,
    'mappings/procurement/capability.yaml': 'capability: procurement\nextends: procurement@1\n',
    'mappings/procurement/sources/ledger/supplier.yaml': MAPPINGS.supplier,
    'mappings/procurement/sources/ledger/product.yaml': MAPPINGS.product,
    'exports/suppliers.csv': SUPPLIERS,
    'exports/products.csv': PRODUCTS,
  };
  for (const [file, content] of Object.entries(files)) {
    await mkdir(join(directory, file, '..'), { recursive: true });
    await writeFile(join(directory, file), content);
  }
}
