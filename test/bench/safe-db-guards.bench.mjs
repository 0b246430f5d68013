// What safe-db does to a statement before anything is sent: the tag with its check of values, then the numbering of
// placeholders and the facts of the text (one statement, its kind, its commands, its fingerprint). Beside it the same
// text and values written by hand, in interleaved rounds. Nothing is sent.
import { sql } from '@portcullis/safe-db'
import { statementOf } from '../../packages/data/safe-db/dist/core/query.js'
import { printTable } from './samples.mjs'

const ROUNDS = 60
const CALLS = 5_000

let turn = 0
const hand = [
  () => ({ text: 'select id, total from orders where id = $1', values: [`${turn}`] }),
  () => ({
    text: 'update orders set total = $1, note = $2, at = $3 where id = $4 and tenant = $5',
    values: [`${turn}`, 'a note of some words', new Date(1e12).toISOString(), '7', 'red'],
  }),
  () => ({
    text: 'select id from orders where id in ($1, $2, $3, $4, $5)',
    values: ['1', '2', '3', '4', `${turn}`],
  }),
]
const columns = { id: sql.id('id'), total: sql.id('total') }
const cases = {
  '1 value': [hand[0], () => statementOf(sql`select id, total from orders where id = ${turn}`)],
  '5 values': [
    hand[1],
    () =>
      statementOf(
        sql`update orders set total = ${turn}, note = ${'a note of some words'}, at = ${new Date(1e12)} where id = ${7} and tenant = ${'red'}`,
      ),
  ],
  'sql.in of 5': [
    hand[2],
    () => statementOf(sql`select id from orders where ${sql.in(columns.id, [1, 2, 3, 4, turn])}`),
  ],
  'sql.like and sql.orderBy': [
    hand[0],
    () =>
      statementOf(
        sql`select id from orders where note like ${sql.like.contains('50%')} ${sql.orderBy('-total,id', columns)}`,
      ),
  ],
  'a text never seen before': [
    hand[0],
    () => statementOf(sql`select ${sql.id(`c${turn}`)}, total from orders where id = ${turn}`),
  ],
}

/** Microseconds of one call, over many. */
function time(run) {
  const started = process.hrtime.bigint()
  for (let call = 0; call < CALLS; call++) {
    turn++
    run()
  }
  return Number(process.hrtime.bigint() - started) / CALLS / 1_000
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
const rows = Object.entries(cases).map(([name, [byHand, guarded]]) => {
  const samples = { byHand: [], guarded: [] }
  for (let round = 0; round < ROUNDS; round++) {
    samples.byHand.push(time(byHand))
    samples.guarded.push(time(guarded))
  }
  return [name, median(samples.byHand).toFixed(2), median(samples.guarded).toFixed(2)]
})
printTable([['µs a statement, median', 'by hand', 'safe-db'], ...rows])
