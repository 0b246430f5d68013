/** What a statement may be allowed to do. `values` and `table` read, as `select` does. */
export const COMMANDS = ['select', 'insert', 'update', 'delete', 'merge'] as const

/** What a statement does; each needs the privilege of its name. */
export type Command = (typeof COMMANDS)[number]

const WRITES: ReadonlySet<string> = new Set(COMMANDS.slice(1))

/**
 * Finds what a statement does, wherever in it: the deletion in `with gone as (delete …) select …` too. A word that could
 * be a command counts as one: a column that is named `update`, and neither quoted nor behind a dot, is taken for more
 * than it is. Nothing is taken for less.
 */
export class CommandFinder {
  readonly #found = new Set<string>()
  /** The last three words or signs. */
  #before: readonly string[] = []

  /** Takes the next piece of the statement, in lower case; white space and comments are none. */
  see(type: string, piece: string): void {
    const last = this.#before.at(-1)
    if (type === 'word' && WRITES.has(piece)) {
      // `for update` locks rows. `for` is reserved: no column has that name. And only a name follows a dot.
      const locks = piece === 'update' && (last === 'for' || this.#before.join(' ') === 'for no key')
      if (!locks && last !== '.') this.#found.add(piece)
    }
    // `select … into` makes a table.
    if (piece === 'into' && last !== 'insert' && last !== 'merge') this.#found.add('insert')
    this.#before = [...this.#before.slice(-2), piece]
  }

  /** What was found in a statement that begins with `kind`, in the order of {@link COMMANDS}. */
  in(kind: string): readonly Command[] {
    const reads = this.#found.size === 0 || (kind !== 'with' && !WRITES.has(kind))
    return Object.freeze(
      COMMANDS.filter((command) => this.#found.has(command) || (command === 'select' && reads)),
    )
  }
}
