-- A reader that was stopped while it was writing holds the lease's row and its accounts for as long
-- as its session lasts: no timeout of PostgreSQL counts while it waits for the rest of a COPY.
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE pid = ANY(%s) AND wait_event = 'ClientRead'
  AND xact_start <= clock_timestamp() - make_interval(secs => %s)
