/** A report in a real browser, opened from a file as a steward opens it. */
import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { ReportRenderer } from '../../src/domain/ports.ts';
import type { ReportSource } from '../../src/domain/report.ts';

const places = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Null: there is none, and the tests are left out. */
export const browserPath: string | null = places.find((path) => path !== undefined && path !== '' && existsSync(path)) ?? null;
if (browserPath === null) console.error('no Chromium (apt-get install chromium, or set CHROMIUM_PATH): the tests of the report page are skipped');

export interface OpenReport {
  readonly page: Page;
  /** Errors, warnings and requests that a page without faults does not make. */
  readonly complaints: string[];
}

export class ReportBrowser {
  readonly #browser: Browser;
  readonly directory: string;

  private constructor(browser: Browser, directory: string) {
    this.#browser = browser;
    this.directory = directory;
  }

  static async launch(): Promise<ReportBrowser> {
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const browser = await chromium.launch({ executablePath: browserPath ?? '', args: sandbox });
    return new ReportBrowser(browser, await mkdtemp(join(tmpdir(), 'report-')));
  }

  /** Path of the page that the renderer makes of it. */
  async write(renderer: ReportRenderer, source: ReportSource, name: string): Promise<string> {
    const path = join(this.directory, `${name}.html`);
    await pipeline(renderer.render('html', source), createWriteStream(path));
    return path;
  }

  /** Waits until the rows are there. */
  async open(path: string, options: BrowserContextOptions = {}): Promise<OpenReport> {
    const context = await this.#browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    const address = pathToFileURL(path).href;
    page.on('console', (message) => complaints.push(`console ${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => void dialog.accept());
    page.on('request', (request) => {
      if (request.url() !== address) complaints.push(`request: ${request.url()}`);
    });
    await page.goto(address);
    await page.locator('html[data-state]').waitFor({ state: 'attached', timeout: 120_000 });
    return { page, complaints };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await rm(this.directory, { recursive: true });
  }
}

/** Everything of the rows the page now says: how many there are, and how many are ticked and decided. */
export async function countLine(page: Page): Promise<string> {
  return (await page.locator('#count').textContent()) ?? '';
}

/** The texts of a column in the rows that are drawn, from top to bottom. */
export async function drawn(page: Page, column: string): Promise<string[]> {
  const script = `[...document.querySelectorAll('#grid-body .line:not([hidden])')]
    .sort((a, b) => Number(a.ariaRowIndex) - Number(b.ariaRowIndex)).map((line) => line.querySelector('.cell.${column}').textContent)`;
  return page.evaluate<string[]>(script);
}

/** Waits for the next drawing of the table. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate('new Promise((resolve) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(resolve)), 160))');
}
