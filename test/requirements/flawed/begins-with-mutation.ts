/** The flaw: the kind of an operation is read off the first letters of the text. */
export function beginsWithMutation(query: string): boolean {
  return query.trimStart().startsWith('mutation')
}
