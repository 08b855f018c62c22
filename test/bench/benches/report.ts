/** The reports of a night with very many breaks: how large they are, how long they take, and when a steward can begin. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { reportFiles, reportFormats } from '../../../src/domain/report.ts';
import { type Measured, script } from '../child.ts';
import { type Bench, type Measurement, measurement, median } from '../measurement.ts';
import type { RenderRequest } from '../report-render.ts';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

export const bench: Bench = {
  about:
    'The reports of one night, each rendered in a process of its own from made-up breaks of ten fields (making them up is part of the time), and the HTML file opened in a headless Chromium from the disk, without a network: until all rows can be filtered, searched and decided',
  size: 200_000,
  async run({ name, size, rounds, directory, log }) {
    const of = `${size.toLocaleString('en-US')} breaks`;
    const all: Measurement[] = [];
    for (const format of reportFormats) {
      const file = join(directory, reportFiles[format]);
      const runs: Measured<{ bytes: number }>[] = [];
      for (let round = 0; round < rounds; round += 1) runs.push(await rendered({ format, breaks: size, file }));
      const facts = (metric: string, unit: string, value: number) => ({ case: `${of}, ${reportFiles[format]}`, metric, unit, value });
      const seconds = median(runs.map((run) => run.seconds));
      const megabytes = (runs[0]?.answer.bytes ?? 0) / 1e6;
      log(`${format}: ${megabytes.toFixed(1)} MB in ${seconds.toFixed(1)} s, peak ${median(runs.map((run) => run.peakMegabytes)).toFixed(0)} MB`);
      all.push(measurement(name, facts('size', 'MB', megabytes), format === 'html' && size === 200_000 ? { of: 'value', atMost: 15 } : undefined));
      all.push(measurement(name, facts('wall time', 's', seconds)));
      all.push(measurement(name, facts('peak memory', 'MB', median(runs.map((run) => run.peakMegabytes)))));
    }
    if (!existsSync(CHROMIUM)) {
      log(`no browser at ${CHROMIUM} (CHROMIUM_PATH): the time to interactive is left out`);
      return all;
    }
    const ready = await readyTimes(join(directory, reportFiles.html), Math.max(rounds, 3));
    log(`ready in the browser after ${ready.map((time) => time.toFixed(0)).join(', ')} ms`);
    const facts = { case: `${of}, ${reportFiles.html}`, metric: 'time to interactive', unit: 's', value: median(ready) / 1000 };
    return [...all, measurement(name, facts, size === 200_000 ? { of: 'value', atMost: 2 } : undefined)];
  },
};

function rendered(request: RenderRequest): Promise<Measured<{ bytes: number }>> {
  return script<{ bytes: number }>('report-render.ts', request, {});
}

/** Milliseconds from the start of the navigation until the page says that its rows are there. */
async function readyTimes(file: string, rounds: number): Promise<number[]> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
  try {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const page = await browser.newPage();
      await page.goto(pathToFileURL(file).href);
      await page.locator('html[data-state]').waitFor({ state: 'attached', timeout: 120_000 });
      times.push(await page.evaluate<number>("performance.getEntriesByName('rows-ready')[0].startTime"));
      await page.close();
    }
    return times;
  } finally {
    await browser.close();
  }
}
