import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CutoverError } from '../../domain/errors.ts';
import { type Mistakes, refuseMistakes } from '../../domain/mistakes.ts';
import { readDecisions } from './read-decisions.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'decisions-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const names = { entities: ['supplier', 'product'], systems: ['meditrack', 'lab', 'odoo'], odoo: 'odoo' };
const header = 'entity,left,right,conflict,decision,by,at,reason,value_hash';

async function read(files: Readonly<Record<string, readonly string[]>>, mistakes: Mistakes = []) {
  await mkdir(path.join(root, 'decisions'), { recursive: true });
  for (const [name, lines] of Object.entries(files)) await writeFile(path.join(root, 'decisions', name), `${lines.join('\n')}\n`);
  return readDecisions(root, names, mistakes);
}

async function told(files: Readonly<Record<string, readonly string[]>>): Promise<readonly string[]> {
  const mistakes: Mistakes = [];
  await read(files, mistakes);
  try {
    refuseMistakes(mistakes);
  } catch (error) {
    return (error as CutoverError).details;
  }
  return [];
}

describe('decisions on matches', () => {
  it('are read from every match file, in the order of files and rows', async () => {
    const { matchDecisions } = await read({
      'match-b.csv': [header, 'supplier,meditrack/1,odoo/7,,same,sue,2026-03-31,seen,0123456789abcdef'],
      'match.csv': [header, 'supplier,,,aa00,keep,joe,,,'],
      'match-a.csv': ['conflict,by,decision,entity', 'bb00,joe,different,product'],
      'README.md': ['what these are'],
      '.match.csv.swp': ['half a row,'],
    });
    expect(matchDecisions).toEqual([
      { entity: 'product', left: '', right: '', conflict: 'bb00', decision: 'different', by: 'joe', at: '', reason: '', value_hash: '' },
      {
        ...{ entity: 'supplier', left: 'meditrack/1', right: 'odoo/7', conflict: '', decision: 'same' },
        ...{ by: 'sue', at: '2026-03-31', reason: 'seen', value_hash: '0123456789abcdef' },
      },
      { entity: 'supplier', left: '', right: '', conflict: 'aa00', decision: 'keep', by: 'joe', at: '', reason: '', value_hash: '' },
    ]);
  });

  it('may stand in a worklist as it is: further columns and rows without a decision count for nothing', async () => {
    const { matchDecisions } = await read({
      'match-worklist.csv': [
        'entity,class,field,left,right,conflict,evidence,value,proposal,owner,note,decision,by,at,reason,value_hash',
        'supplier,check-digit-fails,gln,,,aa00,"no, it is not","4,5",,legacy,,,,,,0123456789abcdef',
        'supplier,pair,,meditrack/1,odoo/7,,name equal +9.1,,,,look,different,sue,2026-03-31,,0123456789abcdef',
        'supplier,pair,,meditrack/2,odoo/8,,name equal +9.1,,,,,"  ",,,,0123456789abcdef',
        'nobody,pair,,nowhere,,both,,,,,,,,,,',
      ],
    });
    expect(matchDecisions.map(({ left, right, decision }) => [left, right, decision])).toEqual([['meditrack/1', 'odoo/7', 'different']]);
  });

  it('there may be none', async () => {
    expect(await readDecisions(root, names, [])).toEqual({ linkDecisions: [], matchDecisions: [], breakDecisions: [] });
    expect(await told({ 'match.csv': [header] })).toEqual([]);
  });

  it('are told with file and line, all mistakes of all files at once', async () => {
    const found = await told({
      'match-1.csv': [
        header,
        'suplier,meditrack/1,odoo/7,,same,sue,,,',
        'supplier,meditrak/1,odoo/7,,same,sue,,,',
        'supplier,meditrack/1,odoo/7,aa00,same,sue,,,',
        'supplier,meditrack/1,,aa00,same,sue,,,',
        '',
        'supplier,meditrack/1,,,same,sue,,,',
        'supplier,meditrack,odoo/7,,same,sue,,,',
        'supplier,meditrack/1,meditrack/1,,same,sue,,,',
        'supplier,meditrack/1,odoo/7,,keep,sue,,,',
        'supplier,meditrack/1,odoo/7,,saem,sue,,,',
        'supplier,meditrack/1,odoo/7,,same,,,"two',
        'lines",',
        ',meditrack/1,odoo/7,,same,sue,,,',
      ],
      'match-2.csv': ['entity,left,right,by', 'supplier,meditrack/1,odoo/7,sue'],
      'match-3.csv': [header, 'supplier,meditrack/1'],
      'matches.txt': [''],
      'link.csv': [''],
    });
    expect(found).toEqual([
      "decisions/link.csv:1:1  not a file of decisions that cutover knows; did you mean 'links.csv'?",
      "decisions/match-1.csv:2:1  no entity 'suplier'; did you mean 'supplier'?",
      "decisions/match-1.csv:3:1  no system 'meditrak'; did you mean 'meditrack'?",
      'decisions/match-1.csv:4:1  a row names a conflict or a pair (left and right), not both',
      'decisions/match-1.csv:5:1  a row names a conflict or a pair (left and right), not both',
      "decisions/match-1.csv:7:1  'right' must be <system>/<key>",
      "decisions/match-1.csv:8:1  'left' must be <system>/<key>",
      'decisions/match-1.csv:9:1  left and right are the same record',
      "decisions/match-1.csv:10:1  'keep' is a decision on a conflict; a pair is same or different",
      "decisions/match-1.csv:11:1  'decision' must be one of same, different, keep; did you mean 'same'?",
      "decisions/match-1.csv:13:1  'by' is empty",
      "decisions/match-1.csv:14:1  'entity' is empty",
      "decisions/match-2.csv:1:1  the column 'decision' is missing",
      expect.stringMatching(/^decisions\/match-3\.csv:2:1 {2}not valid CSV: /),
      'decisions/matches.txt:1:1  not a file of decisions that cutover knows',
    ]);
  });
});

describe('two decisions on one thing', () => {
  const pair = (decision: string, hash = '', order: readonly [string, string] = ['meditrack/1', 'odoo/7']) =>
    `supplier,${order.join(',')},,${decision},sue,,,${hash}`;
  const conflict = (decision: string, hash = '') => `supplier,,,aa00,${decision},sue,,,${hash}`;

  it('may say the same, twice and in several files', async () => {
    expect(
      await told({
        'match.csv': [header, pair('same'), pair('same', '', ['odoo/7', 'meditrack/1']), pair('same', 'a0'), conflict('keep')],
        'match-2.csv': [header, pair('same'), conflict('keep', 'b0')],
        'links.csv': ['entity,system,key,odoo,decision,by,at', 'supplier,meditrack,1,7,same,sue,2026-03-31'],
      }),
    ).toEqual([]);
  });

  it('that contradict each other are a mistake that names both lines', async () => {
    expect(
      await told({
        'match.csv': [header, pair('same'), pair('different', '', ['odoo/7', 'meditrack/1']), conflict('keep', 'c0')],
        'match-2.csv': [header, conflict('different', 'c0'), 'product,meditrack/1,odoo/7,,different,sue,,,'],
        'match-3.csv': [header, pair('different', 'd0')],
        'links.csv': ['entity,system,key,odoo,decision,by,at', 'supplier,meditrack,1,7,different,sue,2026-03-31'],
      }),
    ).toEqual([
      "decisions/match.csv:2:1  this pair is 'same' here and 'different' in decisions/links.csv:2: take one of the two out",
      "decisions/match.csv:3:1  this pair is 'different' here and 'same' in decisions/match.csv:2: take one of the two out",
      "decisions/match.csv:4:1  this conflict is 'keep' here and 'different' in decisions/match-2.csv:2: take one of the two out",
    ]);
  });

  it('made on different values are none: at most one of them still fits', async () => {
    expect(await told({ 'match.csv': [header, pair('same', 'a0'), pair('different', 'a1'), conflict('keep', 'a0'), conflict('same', 'a1')] })).toEqual([]);
    expect(await told({ 'match.csv': [header, pair('same', 'a0'), pair('different', '')] })).toEqual([
      "decisions/match.csv:3:1  this pair is 'different' here and 'same' in decisions/match.csv:2: take one of the two out",
    ]);
  });
});
