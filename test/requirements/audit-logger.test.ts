import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import auditLogger from '@portcullis/audit-logger'
import type { AuditRecord, RequestAudit } from '@portcullis/audit-logger'
import kernel from '@portcullis/kernel'
import piiMasking from '@portcullis/pii-masking'
import userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterAll, describe, expect } from 'vitest'
import { accept } from './acceptance.ts'

declare module '@portcullis/kernel' {
  interface SecurityEventDetails {
    'app.badge_printed': { readonly badge: number }
  }
}

const { privateKey } = generateKeyPairSync('ed25519')
const trails = new Map<FastifyInstance, string>()
afterAll(() => {
  for (const path of trails.values()) rmSync(path, { recursive: true, force: true })
})

/** An app whose route does `act`; without the gate there is nothing to tell it to. */
const appThat =
  (act: (audit: RequestAudit) => unknown) =>
  (withGate: boolean): FastifyInstance => {
    const app = Fastify()
    const directory = mkdtempSync(join(tmpdir(), 'audit-rows-'))
    trails.set(app, directory)
    void app.register(kernel, { identify: () => ({ id: 'grace@example.org', tenantId: 'acme' }) })
    if (withGate) {
      const subjectSecret = 'a secret of at least thirty-two characters'
      void app.register(auditLogger, { directory, signingKey: privateKey, subjectSecret })
    }
    app.get('/', () => 'hello')
    app.post('/act', async (request) => {
      await request.resolvePrincipal()
      if (withGate) await act(request.audit)
      return 'done'
    })
    return app
  }

function textOf(app: FastifyInstance): string {
  const path = join(trails.get(app) ?? '', 'audit.jsonl')
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** Acts once and answers the records of a type. */
async function recorded(app: FastifyInstance, type: string): Promise<AuditRecord[]> {
  expect((await app.inject({ method: 'POST', url: '/act' })).body).toBe('done')
  return textOf(app)
    .split('\n')
    .filter((line) => line.startsWith('{"seq"'))
    .map((line) => JSON.parse(line) as AuditRecord)
    .filter((record) => record.type === type)
}

/** What was recorded of a request; nothing where there is no trail. */
async function timelineOf(app: FastifyInstance, id: unknown): Promise<readonly AuditRecord[]> {
  return app.hasDecorator('audit') ? app.audit.timeline(String(id)) : []
}

const honest = { url: '/' }
const pseudonym: unknown = expect.stringMatching(/^[\w-]{22}$/)

describe('F56: a successful login', () => {
  accept('is recorded, without the address', {
    build: appThat((audit) =>
      audit.event('auth.success', { method: 'password' }, { subject: 'ada@example.org' }),
    ),
    honest,
    async assert(app) {
      const records = await recorded(app, 'auth.success')
      expect(records).toMatchObject([{ severity: 'INFO', outcome: 'succeeded', subject: pseudonym }])
      expect(textOf(app)).not.toContain('example.org')
    },
  })
})

describe('F57: a failed login', () => {
  accept('is recorded, without what the user typed or the exception said', {
    build: appThat(async (audit) => {
      await audit.authentication({ succeeded: false, subject: 'my-Passw0rd', reason: 'bad_password' })
      await audit.authentication({ succeeded: false, reason: 'Error: no user my-Passw0rd in table users' })
    }),
    honest,
    async assert(app) {
      const records = await recorded(app, 'auth.failure')
      expect(records).toMatchObject([
        { severity: 'WARNING', subject: pseudonym, details: { reason: 'bad_password' } },
        { severity: 'WARNING', details: { reason: '[masked]' } },
      ])
      expect(textOf(app)).not.toMatch(/passw0rd|table users/i)
    },
  })
})

describe('F58: types and severities', () => {
  accept('are a typed union that an app extends', {
    build: appThat(async (audit) => {
      await audit.dataAccess('orders')
      await audit.dataExport('orders')
      await audit.dataErasure('orders')
      await audit.adminAction('role.grant')
      await audit.event('app.badge_printed', { badge: 7 }, { severity: 'CRITICAL' })
      // @ts-expect-error a name that is not in the union
      await audit.event('app.badge_print', { badge: 7 })
    }),
    honest,
    async assert(app) {
      const severities = []
      for (const type of [
        'data.accessed',
        'data.exported',
        'data.erased',
        'admin.action',
        'app.badge_printed',
      ]) {
        const [record] = await recorded(app, type)
        severities.push([type, record?.severity])
      }
      expect(severities).toEqual([
        ['data.accessed', 'INFO'],
        ['data.exported', 'WARNING'],
        ['data.erased', 'WARNING'],
        ['admin.action', 'WARNING'],
        ['app.badge_printed', 'CRITICAL'],
      ])
    },
  })
})

describe('F59: access to personal data', () => {
  accept('is recorded, and its denial too', {
    build: appThat(async (audit) => {
      await audit.event('pii.revealed', { fields: ['User.email'], infoTypes: ['EMAIL_ADDRESS'] })
      await audit.dataAccess('pii:read', { permitted: false })
    }),
    honest,
    async assert(app) {
      const revealed = await recorded(app, 'pii.revealed')
      expect(revealed).toMatchObject([
        { details: { fields: ['User.email'], infoTypes: ['EMAIL_ADDRESS'] }, actor: { id: pseudonym } },
      ])
      const [denied] = await recorded(app, 'authz.denied')
      expect(denied).toMatchObject({
        outcome: 'refused',
        severity: 'WARNING',
        details: { permission: 'pii:read' },
      })
    },
  })
})

describe('F69: an act of an administrator', () => {
  accept('is recorded with the real difference, and no personal value', {
    build: appThat((audit) =>
      audit.adminAction('user.update', {
        target: { type: 'user', id: '42' },
        before: { role: 'user', email: 'ada@old.example', plan: 'free' },
        after: { role: 'admin', email: 'ada@new.example', plan: 'free' },
      }),
    ),
    honest,
    async assert(app) {
      expect(await recorded(app, 'admin.action')).toMatchObject([
        {
          severity: 'WARNING',
          target: { type: 'user', id: pseudonym },
          changes: [
            { field: 'role', before: 'user', after: 'admin' },
            { field: 'email', before: '[masked]', after: '[masked]' },
          ],
        },
      ])
      expect(textOf(app)).not.toMatch(/old\.example|new\.example/)
    },
  })
})

describe('F69: a change', () => {
  const stagesOf = (records: readonly AuditRecord[]) =>
    records.map(({ stage, outcome, reason, severity, changes }) => [
      stage,
      outcome,
      reason,
      severity,
      changes,
    ])
  const act = { action: 'user.update', target: { type: 'user', id: '42' }, severity: 'WARNING' } as const

  accept('is recorded as intended before it is made, and with its outcome, joined by the request', {
    build: appThat((audit) =>
      audit.change(act, async (tell) => {
        await Promise.resolve()
        tell({ role: 'user', email: 'ada@old.example' }, { role: 'admin', email: 'ada@old.example' })
      }),
    ),
    honest,
    async assert(app) {
      const records = await recorded(app, 'data.changed')
      expect(stagesOf(records)).toEqual([
        ['intended', 'allowed', undefined, 'WARNING', []],
        ['complete', 'succeeded', undefined, 'WARNING', [{ field: 'role', before: 'user', after: 'admin' }]],
      ])
      expect(new Set(records.map(({ request }) => request?.id)).size).toBe(1)
      expect(new Set(records.map(({ target }) => target?.id)).size).toBe(1)
    },
  })

  accept('that fails is recorded as failed, without what the exception said', {
    build: appThat((audit) =>
      audit
        .change(act, (tell) => {
          tell({ role: 'user' }, { role: 'admin' })
          throw Object.assign(new Error('no such user ada@old.example'), { code: '40001' })
        })
        .catch(() => undefined),
    ),
    honest,
    async assert(app) {
      const [, end] = stagesOf(await recorded(app, 'data.changed'))
      expect(end?.slice(0, 3)).toEqual(['complete', 'failed', '[masked]'])
      expect(textOf(app)).not.toContain('old.example')
    },
  })
})

describe('F59: a reader by role', () => {
  const build = (withGate: boolean): FastifyInstance => {
    const app = Fastify()
    const directory = mkdtempSync(join(tmpdir(), 'audit-rows-'))
    trails.set(app, directory)
    void app.register(kernel, {
      environment: 'test',
      identify: ({ headers: { role } }) => ({ id: 'grace@example.org', roles: [String(role)] }),
    })
    void app.register(piiMasking, {
      classify: { email: 'EMAIL_ADDRESS', ssn: 'US_SOCIAL_SECURITY_NUMBER' },
      policy: {
        EMAIL_ADDRESS: { admin: 'raw', '*': 'partial' },
        US_SOCIAL_SECURITY_NUMBER: { admin: 'raw', support: 'partial', '*': 'reject' },
      },
    })
    if (withGate) {
      const subjectSecret = 'a secret of at least thirty-two characters'
      void app.register(auditLogger, { directory, signingKey: privateKey, subjectSecret })
    }
    const person = { email: 'ada@example.org', ssn: '123-45-6789' }
    app.get('/', () => 'hello')
    app.get('/people', () => ({ people: [person, person] }))
    return app
  }

  accept('is recorded exactly once for a request, with the kinds that were shown; the refused reader too', {
    build,
    honest,
    async assert(app) {
      const timelineFor = async (role: string): Promise<readonly AuditRecord[]> => {
        const answer = await app.inject({ url: '/people', headers: { role } })
        return timelineOf(app, answer.headers['x-request-id'])
      }
      const admin = await timelineFor('admin')
      expect(admin.map(({ type }) => type)).toEqual(['pii.revealed', 'http.request'])
      expect(admin[0]).toMatchObject({
        actor: { kind: 'user', id: pseudonym },
        details: { infoTypes: ['EMAIL_ADDRESS', 'US_SOCIAL_SECURITY_NUMBER'] },
      })
      expect(admin[1]?.facts?.pii).toMatchObject({ masked: 0, revealed: 4 })
      const support = await timelineFor('support')
      expect(support.map(({ type }) => type)).toEqual(['http.request'])
      expect(support[0]?.facts?.pii).toMatchObject({ masked: 4, revealed: 0 })
      const stranger = await timelineFor('stranger')
      expect(stranger.map(({ type, outcome }) => [type, outcome])).toEqual([
        ['authz.denied', 'refused'],
        ['http.request', 'refused'],
      ])
      expect(textOf(app)).not.toMatch(/example\.org|6789/)
    },
  })
})

describe('M16: a query', () => {
  const tail = `${' and a = a'.repeat(200)} union select * from secrets`
  accept('is recorded by fingerprint and hash, without its values and with its tail vouched for', {
    build: appThat(async (audit) => {
      await audit.query("select * from users where ssn = '123-45-6789' and id = $1", ['ada@example.org'])
      await audit.query(`select 1${' and a = a'.repeat(200)}`)
      await audit.query(`select 1${tail}`)
    }),
    honest,
    async assert(app) {
      const details = (await recorded(app, 'db.query')).map(
        (record) => record.details as { fingerprint: string; sha256: string; parameters: string[] },
      )
      expect(details[0]).toMatchObject({
        fingerprint: 'select * from users where ssn = ? and id = $1',
        parameters: ['text(15)'],
      })
      expect(details[1]?.fingerprint).toBe(details[2]?.fingerprint)
      expect(details[1]?.sha256).not.toBe(details[2]?.sha256)
      expect(textOf(app)).not.toMatch(/6789|example\.org/)
    },
  })
})

describe('M26: a security event', () => {
  const forged = 'x\r\n{"seq":0,"type":"auth.success"}\u001b[2K\u009b0m\u202e\u2028'
  accept('cannot be forged or hidden by what a client sends', {
    build: appThat((audit) => audit.dataAccess(forged)),
    honest,
    async assert(app) {
      const [record] = await recorded(app, 'data.accessed')
      expect(record).toMatchObject({ time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string })
      expect(textOf(app).replaceAll('\n', '')).toMatch(/^[\u0020-\u007e\u2014]+$/)
      expect(
        textOf(app)
          .split('\n')
          .filter((line) => line.includes('"type":"auth.success"')),
      ).toEqual([])
    },
  })
})

describe('F59: a refusal of another gate', () => {
  for (const order of ['before', 'after']) {
    accept(`is recorded with its request, registered ${order} the gate that refuses`, {
      build(withGate) {
        const app = Fastify()
        const directory = mkdtempSync(join(tmpdir(), 'audit-rows-'))
        trails.set(app, directory)
        const subjectSecret = 'a secret of at least thirty-two characters'
        const audit = { directory, signingKey: privateKey, subjectSecret }
        if (withGate && order === 'before') void app.register(auditLogger, audit)
        void app.register(userRateLimit, { policies: { perClient: { quota: 1, window: '1m' } } })
        if (withGate && order === 'after') void app.register(auditLogger, audit)
        app.get('/', { config: { userRateLimit: false } }, () => 'hello')
        app.post('/act', () => 'done')
        return app
      },
      honest,
      async assert(app) {
        expect((await app.inject({ method: 'POST', url: '/act' })).body).toBe('done')
        const refused = await app.inject({ method: 'POST', url: '/act' })
        expect(refused.statusCode).toBe(429)
        const timeline = await timelineOf(app, refused.headers['x-request-id'])
        expect(timeline.map(({ type, outcome, reason }) => [type, outcome, reason])).toEqual([
          ['rate_limit.exceeded', 'refused', undefined],
          ['http.request', 'refused', 'USER_RATE_LIMIT_EXCEEDED'],
        ])
      },
    })
  }
})
