// Queries as apps send them: pages with connections, fragments, interfaces, arguments and two or three variables.

export const SHOP_SCHEMA = `
  interface Node { id: ID! }
  union SearchHit = Product | Article | Seller
  type Query {
    viewer: User
    node(id: ID!): Node
    product(slug: String!): Product
    products(first: Int, after: String, filter: ProductFilter): ProductConnection
    search(text: String!, first: Int): [SearchHit!]!
  }
  input ProductFilter { text: String category: ID inStock: Boolean prices: [PriceRange!] }
  input PriceRange { from: Float to: Float }
  type User implements Node {
    id: ID! name: String! email: String! phone: String avatarUrl(size: Int): String locale: String createdAt: String
    addresses: [Address!]! defaultAddress: Address
    orders(first: Int, after: String, status: OrderStatus): OrderConnection
    wishlist(first: Int): ProductConnection
  }
  type Address implements Node { id: ID! street: String! city: String! zip: String! country: Country! phone: String }
  type Country { code: String! name: String! currency: String! }
  enum OrderStatus { OPEN PAID SHIPPED RETURNED }
  type OrderConnection { edges: [OrderEdge!]! pageInfo: PageInfo! totalCount: Int! }
  type OrderEdge { cursor: String! node: Order! }
  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type Order implements Node {
    id: ID! number: String! status: OrderStatus! placedAt: String! total: Money! tax: Money! shipping: Money
    address: Address lines(first: Int): [OrderLine!]! payments: [Payment!]!
  }
  type Payment { id: ID! method: String! amount: Money! capturedAt: String }
  type OrderLine { id: ID! quantity: Int! price: Money! product: Product! }
  type Money { amount: Float! currency: String! formatted(locale: String): String! }
  type ProductConnection { edges: [ProductEdge!]! nodes: [Product!]! pageInfo: PageInfo! totalCount: Int! }
  type ProductEdge { cursor: String! node: Product! }
  type Product implements Node {
    id: ID! slug: String! title: String! subtitle: String description: String price: Money! oldPrice: Money
    inStock: Boolean! rating: Float reviewCount: Int images(first: Int): [Image!]! seller: Seller! categories: [Category!]!
    variants(first: Int): [Variant!]! reviews(first: Int, after: String): ReviewConnection related(first: Int): [Product!]!
  }
  type Image { url(width: Int, height: Int): String! alt: String width: Int height: Int }
  type Category implements Node { id: ID! name: String! slug: String! parent: Category }
  type Variant { id: ID! sku: String! name: String! price: Money! stock: Int! attributes: [Attribute!]! }
  type Attribute { name: String! value: String! }
  type ReviewConnection { edges: [ReviewEdge!]! pageInfo: PageInfo! totalCount: Int! }
  type ReviewEdge { cursor: String! node: Review! }
  type Review implements Node { id: ID! title: String body: String! rating: Int! author: User! createdAt: String! }
  type Seller implements Node { id: ID! name: String! slug: String! logo: Image rating: Float products(first: Int): ProductConnection }
  type Article implements Node { id: ID! title: String! teaser: String author: User publishedAt: String image: Image }
`

const MONEY = 'fragment Price on Money { amount currency formatted(locale: "en") }'
const CARD = `fragment Card on Product {
  id slug title subtitle inStock rating reviewCount
  price { ...Price } oldPrice { ...Price }
  images(first: 1) { url(width: 400, height: 400) alt }
}`

/** Three pages of 60 to 90 fields. */
export const PAGES = {
  'product page, 2 variables': {
    variables: { slug: 'a-lamp', reviews: 20 },
    source: `query ProductPage($slug: String!, $reviews: Int = 10) {
      product(slug: $slug) {
        id slug title subtitle description inStock rating reviewCount
        price { amount currency formatted(locale: "en") } oldPrice { amount currency formatted(locale: "en") }
        images(first: 8) { url(width: 800, height: 600) alt width height }
        categories { id name slug parent { id name slug } }
        seller { id name slug rating logo { url(width: 64) alt } }
        variants(first: 20) { id sku name stock price { amount currency } attributes { name value } }
        reviews(first: $reviews) {
          totalCount pageInfo { hasNextPage endCursor }
          edges { cursor node { id title body rating createdAt author { id name avatarUrl(size: 40) } } }
        }
        related(first: 6) { id slug title rating price { amount currency } images(first: 1) { url(width: 200) alt } }
      }
    }`,
  },
  'account page, 2 variables': {
    variables: { first: 10, lines: 5 },
    source: `query AccountPage($first: Int!, $lines: Int) {
      viewer {
        id name email phone avatarUrl(size: 96) locale createdAt
        defaultAddress { ...Where } addresses { ...Where }
        orders(first: $first) {
          totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
          edges { cursor node {
            id number status placedAt total { ...Price } tax { ...Price } shipping { ...Price }
            address { ...Where }
            payments { id method capturedAt amount { ...Price } }
            lines(first: $lines) { id quantity price { ...Price } product { ...Card seller { id name slug } } }
          } }
        }
        wishlist(first: 12) { totalCount nodes { ...Card } }
      }
    }
    fragment Where on Address { id street city zip phone country { code name currency } }
    ${CARD} ${MONEY}`,
  },
  'search page, 3 variables': {
    variables: { text: 'lamp', first: 24, full: true },
    source: `query SearchPage($text: String!, $first: Int = 20, $full: Boolean = false) {
      viewer { id name locale }
      products(first: $first, filter: { text: $text, inStock: true }) {
        totalCount pageInfo { hasNextPage endCursor }
        edges { cursor node { ...Card categories { id name slug } seller { id name rating } } }
      }
      search(text: $text, first: $first) {
        __typename
        ... on Node { id }
        ... on Product { ...Card variants(first: 4) @include(if: $full) { id sku name stock price { ...Price } } }
        ... on Article { title teaser publishedAt author { id name avatarUrl(size: 32) } image { url(width: 400) alt } }
        ... on Seller { name slug rating logo { url(width: 64) alt } products(first: 3) { totalCount nodes { ...Card } } }
      }
    }
    ${CARD} ${MONEY}`,
  },
}
