import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differingParts, type Part, visible } from './text-difference.ts';

const marked = (parts: readonly Part[]) => parts.map(({ text, differs }) => (differs ? `[${text}]` : text)).join('');

test.each([
  ['000051', '051', '[000]051', '051'],
  ['Catheter Ch 14', 'Catheter', 'Catheter[ Ch 14]', 'Catheter'],
  ['MÜLLER', 'Müller', 'M[ÜLLER]', 'M[üller]'],
  ['same', 'same', 'same', 'same'],
  ['', 'x', '', '[x]'],
  ['😀a', '😁a', '[😀]a', '[😁]a'],
])('%j beside %j', (left, right, markedLeft, markedRight) => {
  const parts = differingParts(left, right);
  expect([marked(parts.left), marked(parts.right)]).toEqual([markedLeft, markedRight]);
});

test('the parts are the texts, and what is not marked is the same on both sides', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '0', ' ', '😀'), maxLength: 30 });
  fc.assert(
    fc.property(text, text, (left, right) => {
      const parts = differingParts(left, right);
      const join = (side: readonly Part[], wanted: (part: Part) => boolean) =>
        side
          .filter(wanted)
          .map((part) => part.text)
          .join('');
      expect([join(parts.left, () => true), join(parts.right, () => true)]).toEqual([left, right]);
      expect(join(parts.left, (part) => !part.differs)).toBe(join(parts.right, (part) => !part.differs));
    }),
  );
});

test('long texts are compared in no time', () => {
  const parts = differingParts(`a${'x'.repeat(100_000)}b`, `a${'y'.repeat(100_000)}b`);
  expect(parts.left.map((part) => part.differs)).toEqual([false, true, false]);
});

test('what cannot be seen is shown as a picture of it', () => {
  expect(visible({ text: ' a\t\u00A0\u202E\u200B\n', differs: true })).toBe('·a⇥⍽[U+202E][U+200B]⏎');
  expect(visible({ text: ' a b ', differs: false })).toBe(' a b ');
});
