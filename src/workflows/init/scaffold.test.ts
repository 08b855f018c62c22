import { expect, it } from 'vitest';
import { jsonSchemas } from '../../domain/json-schemas.ts';
import { namespaceFor, scaffoldFiles } from './scaffold.ts';

const files = scaffoldFiles({ name: 'Northgate "General"', namespace: 'northgate_migration', ci: null, today: '2026-01-01' });

it('every YAML file names the schema it is completed by, and the schema is there', () => {
  for (const [name, content] of files) {
    if (!name.endsWith('.yaml')) continue;
    const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(content)?.[1];
    expect(named, name).toBeDefined();
    const resolved = new URL(named as string, `file:///${name}`).pathname.slice(1);
    expect(files.has(resolved), `${name} → ${resolved}`).toBe(true);
  }
  expect([...jsonSchemas().keys()].every((name) => files.has(`.cutover-schemas/${name}`))).toBe(true);
});

it('keeps the data out of git and writes no secret', () => {
  expect(files.get('.gitignore')).toContain('.cutover/');
  expect(files.get('cutover.yaml')).toContain('api_key: ${ODOO_API_KEY}');
  expect(files.get('cutover.yaml')).toContain('name: "Northgate \\"General\\""');
});

it('makes a namespace of any name', () => {
  expect(namespaceFor('St. Mary’s Hospital, 2nd campus')).toBe('st_mary_s_hospital_2nd_campus_migration');
  expect(namespaceFor('Ärztehaus')).toBe('arztehaus_migration');
  expect(namespaceFor('42')).toBe('hospital_migration');
});
