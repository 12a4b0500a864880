-- A reader that was stopped while it was writing holds the lease's row and its accounts for as long
-- as its session lasts: no timeout of PostgreSQL counts while it waits for the rest of a COPY.
SELECT pg_terminate_backend(pid)
FROM pg_locks JOIN pg_stat_activity USING (pid) JOIN leases ON name = %s
WHERE relation = 'leases'::regclass AND mode = 'RowShareLock' AND granted
  AND expires_at <= clock_timestamp() AND wait_event = 'ClientRead'
  AND xact_start <= clock_timestamp() - make_interval(secs => %s)
