/** The version of the schema that this release works with. */
export const SCHEMA_VERSION = 1

/**
 * What the PostgreSQL store needs in the database: PostgreSQL 13 or later, applied by the owner of the schema, as often as
 * wanted. The role of the application needs no more than this:
 *
 * ```sql
 * grant usage on schema auth_tokens to app;
 * grant select, insert, update, delete on all tables in schema auth_tokens to app;
 * grant execute on all functions in schema auth_tokens to app;
 * ```
 *
 * Locks are taken in one order, so that no two calls wait for each other: the table `state` (shared; alone to revoke
 * everything), the subject (an advisory lock of the transaction), rows of `sessions`, the row of `state`. Each call
 * is one statement in a transaction of its own and works through a pool of transactions.
 */
export const postgresSchema: string = /* sql */ `
create schema if not exists auth_tokens;

create table if not exists auth_tokens.state (
  single boolean primary key default true check (single),
  everything_at bigint not null default 0,
  -- No token was issued after this moment: kept in steps, so that few calls write it.
  horizon bigint not null default 0
);
insert into auth_tokens.state default values on conflict do nothing;

create table if not exists auth_tokens.sessions (
  id text primary key,
  subject text not null,
  "grant" text not null,
  key_id text not null,
  generation bigint not null,
  created_at bigint not null,
  used_at bigint not null,
  issued_at bigint not null,
  idle_expires_at bigint not null,
  expires_at bigint not null,
  used_before bigint[] not null default '{}'
);
create index if not exists sessions_subject on auth_tokens.sessions (subject);
create index if not exists sessions_idle_expires_at on auth_tokens.sessions (idle_expires_at);

create table if not exists auth_tokens.subjects (
  subject text primary key,
  revoked_at bigint not null,
  expires_at bigint not null
);
create index if not exists subjects_expires_at on auth_tokens.subjects (expires_at);

create table if not exists auth_tokens.revocations (
  seq bigint generated always as identity primary key,
  -- Numbers are given out in another order than they are committed in; who follows the log asks by transaction.
  tx xid8 not null default pg_current_xact_id(),
  scope text not null check (scope in ('token', 'session', 'subject', 'everything')),
  id text not null,
  revoked_at bigint not null,
  expires_at bigint not null
);
create index if not exists revocations_tx on auth_tokens.revocations (tx);
create index if not exists revocations_expires_at on auth_tokens.revocations (expires_at);

create or replace function auth_tokens.version() returns int language sql immutable as 'select ${SCHEMA_VERSION}';

-- Milliseconds since the epoch, now and not when the transaction began.
create or replace function auth_tokens.clock() returns bigint language sql volatile
  as 'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint';

create or replace function auth_tokens.session_json(s auth_tokens.sessions) returns json language sql stable
as $$
  select json_build_object('id', s.id, 'subject', s.subject, 'grant', s."grant", 'keyId', s.key_id,
    'generation', s.generation, 'createdAt', s.created_at, 'usedAt', s.used_at,
    'idleExpiresAt', s.idle_expires_at, 'expiresAt', s.expires_at)
$$;

-- Each statement has to see what was committed while it waited.
create or replace function auth_tokens.check_isolation() returns void language plpgsql as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'auth_tokens works in read committed' using errcode = 'invalid_transaction_state';
  end if;
end $$;

create or replace function auth_tokens.lock_subject(p_subject text) returns void language sql volatile
  as $$ select pg_advisory_xact_lock(hashtextextended(p_subject, 7310012)) $$;

create or replace function auth_tokens.note_issued(p_at bigint) returns void language sql volatile as $$
  update auth_tokens.state set horizon = (p_at + 99) / 100 * 100 where horizon < p_at
$$;

create or replace function auth_tokens.append(p_scope text, p_id text, p_at bigint, p_ttl bigint) returns json
language sql volatile as $$
  insert into auth_tokens.revocations (scope, id, revoked_at, expires_at)
    values (p_scope, p_id, p_at, p_at + p_ttl)
    returning json_build_object('scope', scope, 'id', id, 'revokedAt', revoked_at, 'expiresAt', expires_at)
$$;

create or replace function auth_tokens.open(p_id text, p_subject text, p_grant text, p_key_id text,
  p_idle_ttl bigint, p_absolute_ttl bigint, p_access_ttl bigint, p_max bigint) returns json
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_everything bigint;
  v_at bigint;
  v_live bigint;
  v_evicted json[] := '{}';
  s auth_tokens.sessions;
begin
  perform auth_tokens.check_isolation();
  lock table auth_tokens.state in row exclusive mode;
  perform auth_tokens.lock_subject(p_subject);
  select everything_at into v_everything from auth_tokens.state;
  select * into s from auth_tokens.sessions where id = p_id for update;
  v_at := auth_tokens.clock();
  if found and s.created_at > v_everything and s.idle_expires_at > v_at then
    -- The same call once more: its answer was lost.
    if s.subject <> p_subject then
      raise exception 'the session belongs to another subject' using errcode = 'unique_violation';
    end if;
    v_at := greatest(v_at, s.issued_at);
    update auth_tokens.sessions set issued_at = v_at where id = p_id;
    perform auth_tokens.note_issued(v_at);
    return json_build_object('session', auth_tokens.session_json(s), 'issuedAt', v_at, 'evicted', v_evicted);
  elsif found then
    delete from auth_tokens.sessions where id = p_id;
  end if;
  select greatest(v_at, v_everything + 1, max(revoked_at) + 1) into v_at
    from auth_tokens.subjects where subject = p_subject;
  select count(*) into v_live from auth_tokens.sessions
    where subject = p_subject and created_at > v_everything and idle_expires_at > v_at;
  if v_live >= p_max then
    perform 1 from auth_tokens.sessions where subject = p_subject order by id for update;
    with surplus as (
      select id from auth_tokens.sessions
        where subject = p_subject and created_at > v_everything and idle_expires_at > v_at
        order by used_at desc, id collate "C" desc offset p_max - 1
    ), gone as (
      delete from auth_tokens.sessions d using surplus where d.id = surplus.id returning d.id, d.issued_at
    )
    select coalesce(array_agg(auth_tokens.append('session', id, greatest(v_at, issued_at), p_access_ttl)), '{}')
      into v_evicted from gone;
  end if;
  insert into auth_tokens.sessions
      (id, subject, "grant", key_id, generation, created_at, used_at, issued_at, idle_expires_at, expires_at)
    values (p_id, p_subject, p_grant, p_key_id, 0, v_at, v_at, v_at,
      v_at + least(p_idle_ttl, p_absolute_ttl), v_at + p_absolute_ttl)
    returning * into s;
  perform auth_tokens.note_issued(v_at);
  return json_build_object('session', auth_tokens.session_json(s), 'issuedAt', v_at, 'evicted', v_evicted);
end $$;

create or replace function auth_tokens.use(p_id text, p_generation bigint, p_leeway bigint, p_key_id text,
  p_idle_ttl bigint, p_access_ttl bigint, p_grant text) returns json
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_everything bigint;
  v_at bigint;
  v_used_at bigint;
  s auth_tokens.sessions;
begin
  perform auth_tokens.check_isolation();
  lock table auth_tokens.state in row exclusive mode;
  select everything_at into v_everything from auth_tokens.state;
  select * into s from auth_tokens.sessions where id = p_id for update;
  v_at := auth_tokens.clock();
  if not found or s.created_at <= v_everything or s.idle_expires_at <= v_at then
    return json_build_object('outcome', 'ended');
  end if;
  v_at := greatest(v_at, s.issued_at);
  if p_generation < s.generation then
    v_used_at := s.used_before[s.generation - p_generation];
    if v_used_at is null or v_at - v_used_at > p_leeway then
      delete from auth_tokens.sessions where id = p_id;
      return json_build_object('outcome', 'reused', 'subject', s.subject,
        'revocation', auth_tokens.append('session', p_id, v_at, p_access_ttl));
    end if;
    update auth_tokens.sessions set issued_at = v_at, "grant" = coalesce(p_grant, "grant")
      where id = p_id returning * into s;
  else
    -- A number that the store does not know yet was given out before the store lost its latest writes.
    update auth_tokens.sessions set
        generation = p_generation + 1, key_id = p_key_id, "grant" = coalesce(p_grant, "grant"),
        used_at = v_at, issued_at = v_at, idle_expires_at = least(v_at + p_idle_ttl, expires_at),
        used_before = case when p_generation = generation then (v_at || used_before)[1:16] else array[v_at] end
      where id = p_id returning * into s;
  end if;
  perform auth_tokens.note_issued(v_at);
  return json_build_object('outcome', 'used', 'session', auth_tokens.session_json(s), 'issuedAt', v_at);
end $$;

create or replace function auth_tokens.revoke(p_scope text, p_id text, p_ttl bigint) returns json
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_at bigint;
  v_issued bigint;
begin
  perform auth_tokens.check_isolation();
  if p_scope = 'everything' then
    lock table auth_tokens.state in exclusive mode;
    update auth_tokens.state set everything_at = greatest(auth_tokens.clock(), horizon, everything_at)
      returning everything_at into v_at;
  elsif p_scope = 'subject' then
    perform auth_tokens.lock_subject(p_id);
    with gone as (delete from auth_tokens.sessions where subject = p_id returning issued_at)
      select max(issued_at) into v_issued from gone;
    insert into auth_tokens.subjects as s values (p_id, greatest(auth_tokens.clock(), v_issued), 0)
      on conflict (subject) do update set revoked_at = greatest(s.revoked_at, excluded.revoked_at)
      returning revoked_at into v_at;
    update auth_tokens.subjects set expires_at = greatest(expires_at, v_at + p_ttl) where subject = p_id;
  else
    if p_scope = 'session' then delete from auth_tokens.sessions where id = p_id; end if;
    select greatest(auth_tokens.clock(), horizon) into v_at from auth_tokens.state;
  end if;
  return auth_tokens.append(p_scope, p_id, v_at, p_ttl);
end $$;

-- Removes at most so many rows of each kind that have expired, and none that others work on.
create or replace function auth_tokens.purge(p_most bigint) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_now bigint := auth_tokens.clock();
  v_count bigint;
  v_sum bigint := 0;
begin
  with due as materialized (
    select id from auth_tokens.sessions where idle_expires_at <= v_now order by idle_expires_at limit p_most for update skip locked
  )
  delete from auth_tokens.sessions d using due where d.id = due.id;
  get diagnostics v_count = row_count;
  v_sum := v_sum + v_count;
  with due as materialized (
    select subject from auth_tokens.subjects where expires_at <= v_now order by expires_at limit p_most for update skip locked
  )
  delete from auth_tokens.subjects d using due where d.subject = due.subject;
  get diagnostics v_count = row_count;
  v_sum := v_sum + v_count;
  with due as materialized (
    select seq from auth_tokens.revocations where expires_at <= v_now order by expires_at limit p_most for update skip locked
  )
  delete from auth_tokens.revocations d using due where d.seq = due.seq;
  get diagnostics v_count = row_count;
  return v_sum + v_count;
end $$;
`
