/** How well a text can be told from what is behind it (WCAG 2: 4.5 is enough for ordinary text). */
import type { Page } from 'playwright-core';

/** Of the first element that the selector finds. */
export async function contrastOf(page: Page, selector: string): Promise<number> {
  const colours = await page.evaluate<readonly string[]>(`(() => {
    const element = document.querySelector(${JSON.stringify(selector)});
    let behind = element;
    while (behind !== null && /^rgba\\(.*, 0\\)$/.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
    return [getComputedStyle(element).color, getComputedStyle(behind ?? document.body).backgroundColor];
  })()`);
  const [text, ground] = colours.map(luminance).sort((a, b) => b - a);
  return ((text ?? 0) + 0.05) / ((ground ?? 0) + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
