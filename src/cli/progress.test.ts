import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { progressDisplay } from './progress.ts';

const style = { paint: new Chalk({ level: 0 }), width: 80 };

function display(live: boolean) {
  let written = '';
  const clock = { now: 0 };
  const shown = progressDisplay({ write: (text: string) => (written += text) }, style, { live, milliseconds: () => clock.now });
  return { ...shown, clock, written: () => written };
}

test('without a terminal a step is one line when it ends', () => {
  const { progress, clock, written } = display(false);
  progress({ kind: 'step', step: 'pull meditrack/supplier' });
  progress({ kind: 'advance', step: 'pull meditrack/supplier', by: 2048 });
  clock.now = 1500;
  progress({ kind: 'done', step: 'pull meditrack/supplier' });
  expect(written()).toBe('✔ pull meditrack/supplier  2,048  1.5 s\n');
});

test('without a terminal long work is heard of every ten seconds, not at every batch', () => {
  const { progress, clock, written } = display(false);
  progress({ kind: 'step', step: 'load', total: 4000 });
  for (let second = 1; second <= 25; second += 1) {
    clock.now = second * 1000;
    progress({ kind: 'advance', step: 'load', by: 100 });
  }
  expect(written()).toBe('  load: 1,000 of 4,000, 100/s, 30 s left (10 s)\n  load: 2,000 of 4,000, 100/s, 20 s left (20 s)\n');
});

test('a night is told in a bounded number of lines, with what is left reckoned from the last minute', () => {
  const { progress, clock, written } = display(false);
  progress({ kind: 'step', step: 'Loading', total: 72_000 });
  for (let second = 1; second <= 36_000; second += 1) {
    clock.now = second * 1000;
    // Half an hour of a quick entity, then one that is slower.
    progress({ kind: 'advance', step: 'Loading', by: second <= 1800 ? 10 : 1, note: '2 conflicts, batches of 50, 2 calls at a time' });
  }
  const lines = written().trimEnd().split('\n');
  expect(lines.length).toBeLessThan(150);
  expect(lines.at(-1)).toMatch(/^ {2}Loading: 5\d,\d{3} of 72,000, 1\.0\/s, \d h .* left, 2 conflicts, batches of 50, 2 calls at a time \(\d h .*\)$/);
});

test('a note is a line that stays, on a terminal and without', () => {
  for (const live of [false, true]) {
    const { progress, warnings, written, stop } = display(live);
    progress({ kind: 'note', text: 'Paused' });
    stop();
    expect(written()).toContain('Paused\n');
    expect(warnings).toEqual([]);
  }
});

test('warnings are shown at once and kept for the envelope', () => {
  const { progress, warnings, written } = display(false);
  progress({ kind: 'warning', text: 'the key expires tomorrow' });
  expect(written()).toBe('! the key expires tomorrow\n');
  expect(warnings).toEqual(['the key expires tomorrow']);
});

test('on a terminal a finished step stays and the living lines go away', () => {
  const { progress, stop, written, clock } = display(true);
  progress({ kind: 'step', step: 'one', total: 10 });
  progress({ kind: 'step', step: 'two' });
  clock.now = 500;
  progress({ kind: 'done', step: 'one', note: '10 rows' });
  stop();
  const lines = written();
  expect(lines).toContain('✔ one  10 rows  0.5 s\n');
  // Every line painted since was taken back: the cursor is shown again and nothing is left below.
  expect(lines.endsWith('\u001b[1A\u001b[0J')).toBe(true);
});
