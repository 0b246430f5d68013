/** What the library does; neither the old plugins nor the gates are its business. */

export const schema = `
  type Book {
    id: ID!
    title: String!
    similar(first: Int = 5): [Book!]!
  }
  type Loan {
    book: Book!
    reader: ID!
  }
  type Query {
    books(first: Int = 10): [Book!]!
  }
  type Mutation {
    borrow(book: ID!): Loan!
  }
`

/** @typedef {{ id: string, title: string }} Book */
/** @typedef {{ book: Book, reader: string }} Loan */

/** @type {Book[]} */
const books = Array.from({ length: 100 }, (_, index) => ({ id: String(index), title: `Volume ${index}` }))
/** @type {Loan[]} */
const loans = []
const readers = [
  { name: 'ada', password: 'a very old password', role: 'reader' },
  { name: 'grace', password: 'another old password', role: 'librarian' },
]

export const resolvers = {
  Query: {
    /** @param {unknown} _root @param {{ first: number }} page */
    books: (_root, { first }) => books.slice(0, first),
  },
  Book: {
    /** @param {Book} book @param {{ first: number }} page */
    similar: ({ id }, { first }) => books.filter((other) => other.id !== id).slice(0, first),
  },
  Mutation: {
    /** @param {unknown} _root @param {{ book: string }} wish @param {import('mercurius').MercuriusContext} context */
    borrow: (_root, { book: id }, { reply }) => {
      const book = books[Number(id)]
      if (!book) throw new Error('There is no such book')
      const loan = { book, reader: reply.request.user.sub }
      loans.push(loan)
      return loan
    },
  },
}

/** The claims of a reader's token; undefined where name and password do not belong together. @param {unknown} body */
export function signIn(body) {
  const { name, password } = Object(body)
  const reader = readers.find((one) => one.name === name && one.password === password)
  return reader && { sub: reader.name, role: reader.role }
}

/** @param {string} name */
export function loansOf(name) {
  return loans.filter(({ reader }) => reader === name)
}
