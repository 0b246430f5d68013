import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditLogger } from '@portcullis/audit-logger'
import { frameworkErrors, kernel, notFound } from '@portcullis/kernel'
import { piiMasking } from '@portcullis/pii-masking'
import { userRateLimit } from '@portcullis/user-rate-limit'
import Fastify from 'fastify'

// What nothing answers is answered without a word of what was asked for.
const app = Fastify({ frameworkErrors, logger: true })
app.setNotFoundHandler(notFound)

// Who asks: from whatever authentication you have. A header alone proves nothing and stands here for it.
app.register(kernel, {
  identify: ({ headers: { role } }) => (typeof role === 'string' ? { id: role, roles: [role] } : null),
})
app.register(userRateLimit, { policies: { perClient: { quota: 3, window: '1m' } } })
app.register(piiMasking, {
  classify: { email: 'EMAIL_ADDRESS' },
  policy: { EMAIL_ADDRESS: { support: 'raw', '*': 'partial' } },
})
app.register(auditLogger, {
  directory: process.env.AUDIT_DIRECTORY ?? mkdtempSync(join(tmpdir(), 'audit-')),
  // Yours come from where you keep secrets, or nobody can verify the trail after a restart.
  signingKey: process.env.AUDIT_KEY ?? generateKeyPairSync('ed25519').privateKey,
  subjectSecret: process.env.AUDIT_SUBJECT_SECRET ?? 'at least thirty-two characters, kept secret',
})

app.get('/users/7', () => ({ id: 7, email: 'ada.lovelace@example.com' }))

await app.listen({ port: Number(process.env.PORT ?? 3000) })
