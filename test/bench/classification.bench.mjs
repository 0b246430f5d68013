// The scanner with every kind, beside four regular expressions as they are commonly written for mail addresses, social
// security numbers, cards and phone numbers, run over the same text one after the other; then families of texts that are
// made to be slow. Regular expressions are not run on those: they take quadratic time there.
import { createTextMasker, findInText, maskText } from '@portcullis/classification'
import { FAMILIES } from '../../packages/foundation/classification/test/core/scan/families.mjs'
import { printTable } from './samples.mjs'

const FOUR = [
  /[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}/g,
  /\b\d{3}-\d{2}-\d{4}\b/g,
  /\b(?:\d{4}[ -]?){3}\d{4}\b/g,
  /\b(?:\+?1[-. ]?)?\(?\d{3}\)?[-. ]?\d{3}[-. ]?\d{4}\b/g,
]
const SENTENCES = [
  'The committee met on Tuesday to go over what had changed since the last report, and nobody was surprised.',
  'She walked along the river until the lamps were lit, thinking of the letter that she had not yet answered.',
  'In 1984 the bridge carried 12,500 vehicles a day; by 2019 that was closer to 40,000, most of them lorries.',
  'Please find attached the minutes of our call; Martin will send the figures for the third quarter by Friday.',
  'Nothing in the garden had been touched for years, so the roses had grown over the wall and into the lane.',
  'If you have any questions, write to the office at help@example.org or come by between nine and five.',
]
/** One piece of memory, as texts from a socket are, and not parts that are joined when they are read. */
const flat = (text) => Buffer.from(text).toString()
const prose = flat(`${SENTENCES.join(' ')}\n`.repeat(200))
const log = Array.from({ length: 600 }, (_, index) =>
  JSON.stringify({
    level: 30,
    time: 1_763_790_612_123 + index,
    reqId: `req-${index.toString(36)}`,
    responseTime: index / 7,
    msg: 'request completed',
  }),
).join('\n')
const ROUNDS = 60

/** The best of many rounds in nanoseconds per character. */
function perCharacter(text, work, rounds = ROUNDS) {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const started = process.hrtime.bigint()
    work(text)
    best = Math.min(best, Number(process.hrtime.bigint() - started) / text.length)
  }
  return best
}

function four(text) {
  let found = 0
  for (const expression of FOUR) for (const _ of text.matchAll(expression)) found += 1
  return found
}

function streamed(text) {
  const masker = createTextMasker(maskText)
  for (let at = 0; at < text.length; at += 4096) masker.push(text.slice(at, at + 4096))
  return masker.end()
}

const rows = [['ns per character', 'four expressions', 'scanner, all kinds', 'in pieces of 4 KB']]
for (const [name, text] of Object.entries({ prose, 'log lines': log })) {
  // Alternating, so that a busy machine is unfair to neither.
  const times = { four: Infinity, scan: Infinity, stream: Infinity }
  for (let turn = 0; turn < 5; turn++) {
    times.four = Math.min(times.four, perCharacter(text, four, 15))
    times.scan = Math.min(
      times.scan,
      perCharacter(text, (one) => findInText(one), 15),
    )
    times.stream = Math.min(times.stream, perCharacter(text, streamed, 15))
  }
  rows.push([name, times.four.toFixed(2), times.scan.toFixed(2), times.stream.toFixed(2)])
}
printTable(rows)
const allowed = 4 * perCharacter(prose, four)

const slow = FAMILIES.map((unit) => ({
  unit,
  time: perCharacter(flat(unit.repeat(Math.ceil(200_000 / unit.length))), (text) => findInText(text), 12),
})).toSorted((a, b) => b.time - a.time)
console.log(
  `\nfamilies that are made to be slow: ${FAMILIES.length}; four times the expressions on prose is ${allowed.toFixed(1)}`,
)
printTable([
  ['the slowest', 'ns per character'],
  ...slow.slice(0, 8).map(({ unit, time }) => [JSON.stringify(unit), time.toFixed(1)]),
])
