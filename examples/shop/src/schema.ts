/** The shop in GraphQL. Lists take `first` (at most 100) and `after`; money is in cents. */
export const schema = /* GraphQL */ `
  "Anything that has an id of its own, such as Product:12."
  interface Node {
    id: ID!
  }

  "Anything that costs something."
  interface Priced {
    price: Money!
  }

  type Money {
    amount: Int!
    currency: String!
  }

  enum Role {
    CUSTOMER
    SUPPORT
    ADMIN
  }

  enum OrderStatus {
    PENDING
    PAID
    SHIPPED
    DELIVERED
    CANCELLED
  }

  type Shop {
    id: ID!
    name: String!
  }

  "A person with an account. Contact data is shown to the person and to staff alone; see personal-data.ts for how much of it."
  type User implements Node {
    id: ID!
    name: String!
    role: Role!
    email: String
    phone: String
    ssn: String
    createdAt: String!
    addresses: [Address!]
    paymentMethods: [PaymentMethod!]
    orders(first: Int = 20, after: String): OrderConnection
  }

  type Address implements Node {
    id: ID!
    label: String!
    street: String!
    city: String!
    postalCode: String!
    country: String!
  }

  type PaymentMethod implements Node {
    id: ID!
    holder: String!
    cardNumber: String!
    expires: String!
  }

  type Category implements Node {
    id: ID!
    name: String!
    products(first: Int = 20, after: String): ProductConnection!
  }

  type Product implements Node & Priced {
    id: ID!
    name: String!
    description: String!
    price: Money!
    inStock: Boolean!
    category: Category!
    reviews(first: Int = 20, after: String): ReviewConnection!
  }

  type Review implements Node {
    id: ID!
    rating: Int!
    body: String!
    createdAt: String!
    author: User!
    product: Product!
  }

  type Order implements Node & Priced {
    id: ID!
    status: OrderStatus!
    price: Money!
    createdAt: String!
    customer: User!
    lines: [OrderLine!]!
    payments: [Payment!]!
  }

  type OrderLine implements Node & Priced {
    id: ID!
    quantity: Int!
    "What one piece cost when it was ordered."
    price: Money!
    product: Product!
  }

  enum PaymentStatus {
    AUTHORIZED
    CAPTURED
    REFUNDED
  }

  type Payment implements Node {
    id: ID!
    status: PaymentStatus!
    amount: Money!
    method: PaymentMethod
  }

  type Cart implements Node {
    id: ID!
    items: [CartItem!]!
  }

  type CartItem implements Node {
    id: ID!
    quantity: Int!
    product: Product!
  }

  union SearchResult = Product | Category | User

  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
  }

  type ProductConnection {
    nodes: [Product!]!
    edges: [ProductEdge!]!
    pageInfo: PageInfo!
  }

  type ProductEdge {
    cursor: String!
    node: Product!
  }

  type ReviewConnection {
    nodes: [Review!]!
    edges: [ReviewEdge!]!
    pageInfo: PageInfo!
  }

  type ReviewEdge {
    cursor: String!
    node: Review!
  }

  type OrderConnection {
    nodes: [Order!]!
    edges: [OrderEdge!]!
    pageInfo: PageInfo!
  }

  type OrderEdge {
    cursor: String!
    node: Order!
  }

  type UserConnection {
    nodes: [User!]!
    edges: [UserEdge!]!
    pageInfo: PageInfo!
  }

  type UserEdge {
    cursor: String!
    node: User!
  }

  "What a login gives: send the token as 'Authorization: Bearer <token>'."
  type Session {
    token: String!
    user: User!
  }

  type Query {
    shop: Shop!
    "The account that asks, or null for a visitor."
    me: User
    node(id: ID!): Node
    product(id: ID!): Product
    "All, or those of a category, or whose name holds a text."
    products(first: Int = 20, after: String, category: ID, name: String): ProductConnection!
    categories: [Category!]!
    "Users are found by staff alone."
    search(text: String!, first: Int = 10): [SearchResult!]!
    "Own orders; staff sees those of every customer."
    orders(first: Int = 20, after: String, status: OrderStatus): OrderConnection!
    order(id: ID!): Order
    cart: Cart
    "For staff."
    users(first: Int = 20, after: String): UserConnection!
  }

  input OrderLineInput {
    product: ID!
    quantity: Int!
  }

  input ProfileInput {
    name: String
    phone: String
  }

  type Mutation {
    "Null, with an error, where address and password do not belong together."
    login(email: String!, password: String!): Session
    register(name: String!, email: String!, password: String!): Session!
    placeOrder(lines: [OrderLineInput!]!): Order!
    "For staff."
    updateOrderStatus(id: ID!, status: OrderStatus!): Order!
    updateProfile(profile: ProfileInput!): User!
  }
`
