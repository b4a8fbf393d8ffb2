import { expect, test } from 'vitest'
import { looksLikeTime, parseTime } from './index.js'

test.each([
  ['1970-01-01', 0],
  ['2024-05-31', 1717113600],
  ['2024-05-31 13:00', 1717160400],
  ['2024-05-31T13:00:01.25', 1717160401.25],
  ['2024-05-31T13:00:01,25', 1717160401.25],
  ['2024-05-31T13:00Z', 1717160400],
  ['2024-05-31 13:00:00+02', 1717153200],
  ['2024-05-31T13:00:00+0230', 1717151400],
  ['2024-05-31T13:00:00 -02:30', 1717169400],
  ['1969-12-31T23:59:59.5Z', -0.5],
  ['2024-05-31 24:00:00', 1717200000],
  ['2024-02-29', 1709164800],
  ['2000-02-29', 951782400],
  ['0001-01-01', -62135596800],
  ['9999-12-31', 253402214400],
])('%s is %d seconds after 1970', (text, seconds) => {
  expect(parseTime(text)).toBe(seconds)
})

test('every day of four centuries is one day after the other', () => {
  for (let day = -100_000; day < 50_000; day++)
    expect(parseTime(new Date(day * 86_400_000).toISOString().slice(0, 10))).toBe(day * 86_400)
})

test.each([
  '2024-02-30',
  '2023-02-29',
  '1900-02-29',
  '2024-13-01',
  '2024-00-10',
  '2024-05-31 25:00',
  '2024-05-31 13:60',
  '2024-05-31 13:00:60',
  '2024-05-31 24:00:00.5',
  '2024-05-31T13:00+99',
])('%s has the form of a time and is none', (text) => {
  expect([looksLikeTime(text), parseTime(text)]).toEqual([true, undefined])
})

test.each([
  '',
  '31.05.2024',
  '05/31/2024',
  '20240531',
  '13:00',
  '2024-5-3',
  '2024-05-31T',
  '2024-05-31 13',
  '2024',
  'today',
  '2024-05-31 (BC)',
])('%j is no time', (text) => {
  expect([looksLikeTime(text), parseTime(text)]).toEqual([false, undefined])
})
