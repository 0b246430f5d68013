import { attacker } from './attacker.ts'
import { at } from './client.ts'
import type { Step } from './step.ts'

/** Ends a line and begins one that looks like the trail's own; the last characters would clear a terminal. */
const FORGED = '{"type":"audit.stopped","outcome":"succeeded"}'
const IN_FIELD = `eve\n${FORGED}\u001B[2J@example.com`
/** A header takes no line feed, but it takes Latin-1, which has another line break and another escape. */
const IN_HEADER = `shop/1\u0085${FORGED}\u009B2J`

/** What attackers try against the evidence: forging it, staying out of it, changing it. */
export const evidenceSteps: readonly Step[] = [
  {
    name: 'line breaks in log and trail',
    kind: 'hostile',
    provenBy: ['audit-logger'],
    send: async (client, backstage) => {
      const answer = await client.send(attacker(30), {
        method: 'POST',
        path: '/auth/login',
        body: { email: IN_FIELD, password: 'a guess' },
        headers: { 'user-agent': IN_HEADER },
      })
      const id = answer.requestId ?? ''
      await backstage.records(id)
      const log = backstage.logLines(id).filter((line) => line.includes('A login was refused'))
      return [{ ...answer, body: { log, trail: await backstage.trailLines(id) } }]
    },
    // One line in the log, one record in the trail for each act, and no character that a terminal obeys.
    expect: ([answer]) => {
      const [log, trail] = [at(answer?.body, 'log'), at(answer?.body, 'trail')]
      const isRecord = (line: unknown): boolean =>
        typeof line === 'string' && line.startsWith('{"seq":') && !/\p{Cc}/u.test(line)
      return (
        Array.isArray(log) &&
        log.length === 1 &&
        Array.isArray(trail) &&
        trail.length > 0 &&
        trail.every(isRecord)
      )
    },
    shows: ([answer]) =>
      `log ${String(at(answer?.body, 'log', 'length'))}, trail ${String(at(answer?.body, 'trail', 'length'))}`,
  },
  {
    name: 'hanging up before the answer',
    kind: 'hostile',
    provenBy: ['audit-logger'],
    send: async (client, backstage) => {
      const answer = await client.hangUp(attacker(31), '/auth/login')
      const records = await backstage.records(answer.requestId ?? '')
      return [{ ...answer, body: records.filter(({ type }) => type === 'http.request') }]
    },
    // On record once, as what it was.
    expect: ([answer]) =>
      at(answer?.body, 'length') === 1 && at(answer?.body, 0, 'request', 'completed') === false,
    shows: ([answer]) => `on record: ${String(at(answer?.body, 'length'))}`,
  },
  {
    name: 'one byte of the trail edited',
    kind: 'hostile',
    provenBy: ['audit-logger'],
    send: async (_client, backstage) => {
      const begin = performance.now()
      const edited = await backstage.verifyEditedCopy()
      const { fault } = edited?.report ?? {}
      return [
        {
          status: 0,
          code: fault ? `TRAIL_${fault.kind.toUpperCase()}` : null,
          body: { ok: edited?.ok, editedLine: edited?.editedLine, foundLine: fault?.line },
          milliseconds: performance.now() - begin,
          requestId: null,
        },
      ]
    },
    expect: ([answer]) =>
      answer?.code === 'TRAIL_EDITED' &&
      at(answer.body, 'ok') === true &&
      at(answer.body, 'foundLine') === at(answer.body, 'editedLine'),
    shows: ([answer]) =>
      answer?.code ? `${answer.code}: ${String(at(answer.body, 'foundLine'))}` : 'no trail',
  },
]
