-- Who sees which row. The server tells each transaction who asks: app.tenant_id, app.user_id and app.role. Where it
-- said nothing, these are null, comparisons with them are not true, and no row is seen.
CREATE FUNCTION asking_tenant() RETURNS text STABLE LANGUAGE sql
  AS $$ SELECT nullif(current_setting('app.tenant_id', true), '') $$;
CREATE FUNCTION asking_user() RETURNS integer STABLE LANGUAGE sql
  AS $$ SELECT nullif(current_setting('app.user_id', true), '')::integer $$;
CREATE FUNCTION asking_role() RETURNS text STABLE LANGUAGE sql
  AS $$ SELECT nullif(current_setting('app.role', true), '') $$;
CREATE FUNCTION is_staff() RETURNS boolean STABLE LANGUAGE sql
  AS $$ SELECT coalesce(current_setting('app.role', true) IN ('support', 'admin'), false) $$;

-- Forced: the policies hold for the tables' owner too, should its connection ever serve a request.
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA portcullis_shop TO portcullis_shop_app;
GRANT SELECT ON tenants, addresses, payment_methods, categories, products, reviews, orders, order_lines, payments,
  carts, cart_items TO portcullis_shop_app;

-- The shop window of one tenant: seen by everybody who looks at that tenant.
CREATE POLICY own_tenant ON tenants USING (id = asking_tenant());
CREATE POLICY own_tenant ON categories USING (tenant_id = asking_tenant());
CREATE POLICY own_tenant ON products FOR SELECT USING (tenant_id = asking_tenant());
CREATE POLICY own_tenant ON reviews USING (tenant_id = asking_tenant());

-- Placing an order takes from the stock, and changes nothing else of a product.
GRANT UPDATE (stock) ON products TO portcullis_shop_app;
CREATE POLICY signed_in ON products FOR UPDATE USING (tenant_id = asking_tenant() AND asking_user() IS NOT NULL);

-- Names of accounts are seen within their tenant. Nobody reads password hashes, and nobody gives themselves a role.
GRANT SELECT (id, tenant_id, role, name, email, phone, ssn, created_at) ON users TO portcullis_shop_app;
GRANT INSERT (tenant_id, role, name, email, password_hash) ON users TO portcullis_shop_app;
GRANT UPDATE (name, phone, role) ON users TO portcullis_shop_app;
CREATE POLICY own_tenant ON users FOR SELECT USING (tenant_id = asking_tenant());
CREATE POLICY new_customer ON users FOR INSERT WITH CHECK (tenant_id = asking_tenant() AND role = 'customer');
CREATE POLICY self_or_admin ON users FOR UPDATE
  USING (tenant_id = asking_tenant() AND (id = asking_user() OR asking_role() = 'admin'))
  WITH CHECK (tenant_id = asking_tenant() AND (asking_role() = 'admin' OR (id = asking_user() AND role = asking_role())));

-- What belongs to a customer: seen by that customer and by the tenant's staff.
CREATE POLICY owner_or_staff ON addresses
  USING (tenant_id = asking_tenant() AND (user_id = asking_user() OR is_staff()));
CREATE POLICY owner_or_staff ON payment_methods
  USING (tenant_id = asking_tenant() AND (user_id = asking_user() OR is_staff()));
CREATE POLICY owner ON carts USING (tenant_id = asking_tenant() AND user_id = asking_user());
CREATE POLICY of_cart ON cart_items
  USING (tenant_id = asking_tenant() AND EXISTS (SELECT FROM carts WHERE carts.id = cart_id));

-- Orders are placed by customers for themselves, and moved on by staff.
GRANT INSERT ON orders, order_lines, payments TO portcullis_shop_app;
GRANT UPDATE (status) ON orders TO portcullis_shop_app;
CREATE POLICY owner_or_staff ON orders FOR SELECT
  USING (tenant_id = asking_tenant() AND (user_id = asking_user() OR is_staff()));
CREATE POLICY owner ON orders FOR INSERT
  WITH CHECK (tenant_id = asking_tenant() AND user_id = asking_user() AND status = 'PENDING');
CREATE POLICY staff ON orders FOR UPDATE USING (tenant_id = asking_tenant() AND is_staff());
CREATE POLICY of_order ON order_lines
  USING (tenant_id = asking_tenant() AND EXISTS (SELECT FROM orders WHERE orders.id = order_id));
CREATE POLICY of_order ON payments
  USING (tenant_id = asking_tenant() AND EXISTS (SELECT FROM orders WHERE orders.id = order_id));

-- Signing in comes before anybody knows who asks. One function looks an account up by its address, of any tenant, with
-- the rights of a role that may read these columns and nothing else, and that nobody can log in as.
GRANT USAGE, CREATE ON SCHEMA portcullis_shop TO portcullis_shop_login;
GRANT SELECT (id, tenant_id, role, name, email, created_at, password_hash) ON users TO portcullis_shop_login;
CREATE POLICY login ON users FOR SELECT TO portcullis_shop_login USING (true);
CREATE FUNCTION account_to_sign_in(address text)
  RETURNS TABLE (id integer, tenant_id text, role text, name text, email text, created_at timestamptz, password_hash text)
  STABLE SECURITY DEFINER SET search_path = '' LANGUAGE sql
  AS $$
    SELECT id, tenant_id, role, name, email, created_at, password_hash
    FROM portcullis_shop.users WHERE email = lower(address)
  $$;
ALTER FUNCTION account_to_sign_in OWNER TO portcullis_shop_login;
REVOKE ALL ON FUNCTION account_to_sign_in FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_to_sign_in TO portcullis_shop_app;
REVOKE CREATE ON SCHEMA portcullis_shop FROM portcullis_shop_login;
