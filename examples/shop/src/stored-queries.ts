/** Documents that a client may ask for by their id: `{ "query": "products-with-reviews", "persisted": true }`. */
export const storedQueries = {
  'products-with-reviews':
    'query ($n: Int!) { products(first: $n) { nodes { name reviews(first: $n) { nodes { body } } } } }',
} as const
