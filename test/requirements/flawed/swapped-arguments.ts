/** The flaw: a field's check is written for (object, info) and called with (info, object), so it tests the wrong one. */
export function authorizeField(
  check: (object: { readonly userId?: string }, info: { readonly userId: string }) => boolean,
): (info: { readonly userId: string }, root: { readonly userId?: string }) => boolean {
  return (...given) => check(...(given as unknown as Parameters<typeof check>))
}
