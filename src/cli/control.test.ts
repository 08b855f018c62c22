import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ControlRequest } from '../domain/pace.ts';
import { type KeySource, openControl, requestOf } from './control.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-control-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A terminal whose keys are pressed by the test. */
class Keyboard extends EventEmitter implements KeySource {
  raw = false;
  reading = false;
  setRawMode(raw: boolean): void {
    this.raw = raw;
  }
  resume(): void {
    this.reading = true;
  }
  pause(): void {
    this.reading = false;
  }
  press(keys: string): void {
    this.emit('data', Buffer.from(keys));
  }
}

async function opened(keys: KeySource | null) {
  const requests: ControlRequest[] = [];
  const told: string[] = [];
  const pressed: string[] = [];
  const control = await openControl({
    ...{ directory, keys, milliseconds: 5 },
    progress: (event) => void told.push(`${event.kind}: ${'text' in event ? event.text : ''}`),
    interrupt: () => void pressed.push('interrupt'),
    stop: () => void pressed.push('stop'),
  });
  control.listen((request) => void requests.push(request));
  return { control, requests, told, pressed, file: join(directory, 'control') };
}

test('the control file is told of, readable by its owner only, obeyed whenever it is written, and gone in the end', async () => {
  const { control, requests, told, pressed, file } = await opened(null);
  expect(told).toEqual([`note: To steer it: echo pause > ${file} (or resume, stop or concurrency N)`]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  for (const [line, request] of [
    ['pause\n', { kind: 'pause' }],
    ['Concurrency  3', { kind: 'concurrency', calls: 3 }],
    ['resume\n', { kind: 'resume' }],
    ['stop', { kind: 'stop' }],
  ] as const) {
    await writeFile(file, line);
    await vi.waitFor(() => expect(requests.at(-1)).toEqual(request));
    // Whoever asks elsewhere finds the pause, as long as it goes on.
    await vi.waitFor(() => expect(existsSync(join(directory, 'paused'))).toBe(['pause', 'concurrency'].includes(request.kind)));
  }
  expect(pressed).toEqual(['stop']);
  await appendFile(file, '\npause');
  await vi.waitFor(() => expect(requests).toHaveLength(5));
  await control.close();
  await expect(stat(file)).rejects.toThrow('ENOENT');
});

test('a word it does not know is a warning, and so is a file that was taken away', async () => {
  const { control, requests, told, file } = await opened(null);
  await writeFile(file, 'faster');
  await vi.waitFor(() => expect(told.at(-1)).toBe('warning: the control file says "faster"; it takes pause, resume, stop or concurrency N'));
  await rm(file);
  await vi.waitFor(() => expect(told.at(-1)).toContain('warning: the control file cannot be read any more'));
  expect(requests).toEqual([]);
  await control.close();
});

test.each(['concurrency', 'concurrency 0', 'concurrency -1', 'concurrency 2 3', 'pause now', ''])('%j asks for nothing', (line) => {
  expect(requestOf(line)).toBeNull();
});

test('keys pause, resume, change the calls and stop; Ctrl-C stays Ctrl-C, and the terminal is as it was afterwards', async () => {
  const keyboard = new Keyboard();
  const { control, requests, pressed, told } = await opened(keyboard);
  expect(told[0]).toContain('Keys: p pause, r resume, + and - calls at a time, s stop.');
  expect([keyboard.raw, keyboard.reading]).toEqual([true, true]);
  keyboard.press('pR+-xs\u0003');
  expect(requests).toEqual([
    { kind: 'pause' },
    { kind: 'resume' },
    { kind: 'concurrency-by', calls: 1 },
    { kind: 'concurrency-by', calls: -1 },
    { kind: 'stop' },
  ]);
  expect(pressed).toEqual(['stop', 'interrupt']);
  await control.close();
  expect([keyboard.raw, keyboard.reading]).toEqual([false, false]);
  expect(keyboard.listenerCount('data')).toBe(0);
});
