-- Sessions that hold the row of a lease that has run out, or another lease's.
SELECT pid
FROM pg_locks JOIN leases ON name = %s
WHERE relation = 'leases'::regclass AND mode = 'RowShareLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND expires_at <= clock_timestamp()
