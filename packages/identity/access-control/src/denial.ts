import type { ClientError, Mode, Refusal } from '@portcullis/kernel'
import { Forbidden, InsufficientUserAuthentication, Unauthenticated } from './errors.ts'
import type { Needed, Reason } from './judgement.ts'

/** A text inside quotes of a challenge (RFC 9110, section 5.6.4): the app's own, so anything odd is left out. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, '')}"`
}

/** The challenge of a step-up (RFC 9470, section 3). */
function stepUp({ maxAge, acr }: Needed): string {
  const parts = [
    'error="insufficient_user_authentication"',
    'error_description="A more recent or a stronger login is needed"',
    ...(acr === undefined ? [] : [`acr_values=${quoted(acr.join(' '))}`]),
    ...(maxAge === undefined ? [] : [`max_age="${Math.floor(maxAge / 1000)}"`]),
  ]
  return `Bearer ${parts.join(', ')}`
}

/** The error that a denial is answered with, and its challenge where one fits (RFC 6750, RFC 9470). */
function answerTo(
  reason: Reason,
  needed: Needed,
): { readonly error: ClientError; readonly challenge: string | undefined } {
  switch (reason) {
    case 'unauthenticated':
      return { error: new Unauthenticated(), challenge: 'Bearer' }
    case 'stale':
      return { error: new InsufficientUserAuthentication(), challenge: stepUp(needed) }
    case 'unpermitted': {
      // A token with more permissions would help; a role is nothing that a client can ask for.
      const challenge = needed.permission === undefined ? undefined : 'Bearer error="insufficient_scope"'
      return { error: new Forbidden(), challenge }
    }
    case 'outside':
      return { error: new Forbidden(), challenge: undefined }
  }
}

/** A denial, as the kernel refuses a request for it. Names in its event are the app's own. */
export function refusalFor(reason: Reason, needed: Needed, mode: Mode): Refusal {
  const { error, challenge } = answerTo(reason, needed)
  const headers = challenge === undefined ? undefined : { 'www-authenticate': challenge }
  const details = { permission: needed.permission, roles: needed.role, code: error.code }
  return {
    gate: 'access',
    error,
    mode,
    ...(headers === undefined ? {} : { headers }),
    event: { type: 'authz.denied', severity: 'WARNING', details },
  }
}
