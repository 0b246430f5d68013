/** The flaw: access is logged after the check, so whoever is turned away leaves no trace. */
export function readPersonalData(
  permissions: readonly string[],
  log: (entry: string) => void,
): { readonly email: string } {
  if (!permissions.includes('pii:read')) throw new Error('forbidden')
  log('pii:read')
  return { email: 'ada@example.com' }
}
