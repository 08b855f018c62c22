/** The workspace of one company: the folder beside this file with the company's name filled in, in a place of its own. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, cutover } from '../command-line.ts';
import type { AcceptanceTarget } from '../run.ts';

export interface CompanyWorkspace {
  run<Data>(args: readonly string[], accepted?: readonly number[]): Promise<Answer<Data>>;
  /** Pulls a system and matches anew, as every night does. */
  pull(system: string): Promise<void>;
  /** A file of its own. */
  file(name: string): string;
  /** Changes a text in every file of the mapping that has it. */
  replace(from: string, to: string): void;
  /** Changes a text in one source mapping; it must be there. */
  edit(source: string, from: string, to: string): void;
  /** Breaks of the latest reconcile. */
  breaks(): { entity: string; key: string; field: string; legacy: string; odoo: string; direction: string }[];
  close(): void;
}

export function openWorkspace(company: string, legacyUrl: string, { odoo, keep, log }: AcceptanceTarget): CompanyWorkspace {
  const directory = mkdtempSync(join(tmpdir(), `cutover-openbravo-${company.toLowerCase()}-`));
  cpSync(join(import.meta.dirname, 'workspace'), directory, { recursive: true });
  const environment = { OPENBRAVO_URL: legacyUrl, ODOO_URL: odoo.url, ODOO_DB: odoo.database, ODOO_LOGIN: odoo.login, ODOO_API_KEY: odoo.apiKey };
  const files = () => readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml') && !name.startsWith('.cutover'));
  const change = (name: string, edit: (text: string) => string) => {
    const file = join(directory, name);
    writeFileSync(file, edit(readFileSync(file, 'utf8')));
  };
  for (const name of files()) change(name, (text) => text.replaceAll('@company@', company).replaceAll('@namespace@', company.toLowerCase()));
  const run = async <Data>(args: readonly string[], accepted: readonly number[] = [0]) => {
    const answer = await cutover<Data>(args, { workspace: directory, environment, accepted });
    log(`${company}: cutover ${args.join(' ')}: ${answer.status}, ${answer.seconds.toFixed(1)} s`);
    return answer;
  };
  let latest = '';
  return {
    run: async (args, accepted) => {
      const answer = await run(args, accepted);
      if (args[0] === 'reconcile') latest = answer.runId ?? '';
      return answer as never;
    },
    async pull(system) {
      await run(['pull', system, '--capability', 'finance']);
      await run(['match', 'finance'], [0, 3]);
    },
    file: (name) => join(directory, name),
    replace(from, to) {
      for (const name of files()) change(name, (text) => text.replaceAll(from, to));
    },
    edit: (source, from, to) =>
      change(`mappings/finance/sources/openbravo/${source}.yaml`, (text) => {
        if (!text.includes(from)) throw new Error(`${source}.yaml has no ${from}`);
        return text.replace(from, to);
      }),
    breaks: () =>
      readFileSync(join(directory, '.cutover/runs', latest, 'breaks.ndjson'), 'utf8')
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    close() {
      if (keep) log(`kept ${directory}`);
      else rmSync(directory, { recursive: true, force: true });
    },
  };
}
