-- Of a lease that has run out: waits for the transactions that hold it, and has new ones wait.
SELECT 1 FROM leases WHERE name = %s AND expires_at <= clock_timestamp() FOR UPDATE
