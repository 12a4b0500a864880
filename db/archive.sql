-- Archive accounts that have come to rest, whole, without breaking `scrip verify` (db/ARCHIVE.md).
-- Run as the owner of scrip's tables; running it again changes nothing.
--
-- Accounts are cut off, never a chain of entries: each account moves with all of its rows, in one
-- transaction, and its chain verifies where it is then. Its id stays behind in `archived`, and a
-- message that would begin it anew is refused by a trigger and goes to quarantine (R20, I2).

CREATE SCHEMA IF NOT EXISTS archive;

CREATE TABLE IF NOT EXISTS public.archived (
    account_id uuid PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE OR REPLACE FUNCTION public.archived_accounts_do_not_begin_anew() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM archived WHERE account_id = NEW.account_id) THEN
        RAISE EXCEPTION 'this account is archived; bring it back, then redrive (db/ARCHIVE.md)';
    END IF;
    RETURN NULL;
END $$;

-- AFTER INSERT, so that it runs for accounts that are really new and for no others.
CREATE OR REPLACE TRIGGER archived_do_not_begin_anew AFTER INSERT ON public.accounts
    FOR EACH ROW EXECUTE FUNCTION public.archived_accounts_do_not_begin_anew();

-- Everything that belongs to an account.
CREATE OR REPLACE FUNCTION archive.ledger_tables() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY['accounts', 'entries', 'grants', 'invoices', 'receipts', 'holds', 'transfers',
                 'writeoffs', 'returned', 'amendments', 'closings', 'closing_grants']
$$;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY archive.ledger_tables() LOOP
        EXECUTE format('CREATE TABLE IF NOT EXISTS archive.%1$I (LIKE public.%1$I INCLUDING ALL)',
                       name);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'scrip_worker') THEN  -- `verify` reads as it
        GRANT USAGE ON SCHEMA archive TO scrip_worker;
        GRANT SELECT ON ALL TABLES IN SCHEMA archive TO scrip_worker;
    END IF;
END $$;

CREATE OR REPLACE TRIGGER i10_immutable BEFORE UPDATE OR DELETE ON archive.entries
    FOR EACH ROW EXECUTE FUNCTION public.entries_are_immutable();
CREATE OR REPLACE TRIGGER i10_not_truncated BEFORE TRUNCATE ON archive.entries
    FOR EACH STATEMENT EXECUTE FUNCTION public.entries_are_immutable();

-- Carries accounts from one schema to the other. Only the tables' owner may set the trigger of I10
-- aside, and nobody else writes entries meanwhile; rows are counted on both sides.
CREATE OR REPLACE FUNCTION archive.carry(from_schema text, to_schema text, ids uuid[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    name text;
    columns text;
    took bigint;
    put bigint;
    total bigint := 0;
BEGIN
    EXECUTE format('ALTER TABLE %I.entries DISABLE TRIGGER i10_immutable', from_schema);
    FOREACH name IN ARRAY archive.ledger_tables() LOOP
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
        FROM pg_attribute
        WHERE attrelid = format('%I.%I', from_schema, name)::regclass AND attnum > 0
          AND NOT attisdropped AND attgenerated = '';
        EXECUTE format('INSERT INTO %3$I.%2$I (%4$s) SELECT %4$s FROM %1$I.%2$I'
                       ' WHERE account_id = ANY($1)', from_schema, name, to_schema, columns)
            USING ids;
        GET DIAGNOSTICS put = ROW_COUNT;
        EXECUTE format('DELETE FROM %I.%I WHERE account_id = ANY($1)', from_schema, name)
            USING ids;
        GET DIAGNOSTICS took = ROW_COUNT;
        IF took <> put THEN
            RAISE EXCEPTION '%: % rows taken and % put', name, took, put;
        END IF;
        total := total + put;
    END LOOP;
    EXECUTE format('ALTER TABLE %I.entries ENABLE TRIGGER i10_immutable', from_schema);
    RETURN total;
END $$;

-- Archives the accounts of one bucket (0 to 1023) that nothing was decided for since `idle_since`
-- and that have at most `most_left` in minor units; says how many, and how many rows they were.
-- An account that is in use at this moment stays.
CREATE OR REPLACE FUNCTION archive.move(
    bucket integer, idle_since timestamptz, most_left bigint DEFAULT 0,
    OUT accounts bigint, OUT moved_rows bigint
) LANGUAGE plpgsql AS $$
DECLARE
    low uuid := (lpad(to_hex(bucket * 64), 4, '0') || repeat('0', 28))::uuid;
    high uuid := (lpad(to_hex(bucket * 64 + 63), 4, '0') || repeat('f', 28))::uuid;
    ids uuid[];
BEGIN
    LOCK TABLE public.entries IN SHARE ROW EXCLUSIVE MODE;
    ids := ARRAY(SELECT a.account_id FROM public.accounts a
                 WHERE a.account_id BETWEEN low AND high AND a.decided_at < idle_since
                   AND a.balance <= most_left
                 ORDER BY a.account_id FOR UPDATE SKIP LOCKED);
    INSERT INTO public.archived (account_id) SELECT unnest(ids);
    accounts := cardinality(ids);
    moved_rows := archive.carry('public', 'archive', ids);
END $$;

-- Brings accounts back; then redrive the messages that have come for them meanwhile.
CREATE OR REPLACE FUNCTION archive.bring_back(ids uuid[]) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE public.entries IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM public.archived WHERE account_id = ANY(ids);
    RETURN archive.carry('archive', 'public', ids);
END $$;
