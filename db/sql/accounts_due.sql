-- The same condition as domain/expiry.py, so every account found has something to expire.
SELECT DISTINCT account_id, tenant, customer, currency
FROM grants JOIN accounts USING (account_id)
LEFT JOIN LATERAL (
    SELECT make_interval(secs => (settings ->> 'late_window')::integer) AS late_window
    FROM tenants WHERE tenants.tenant = accounts.tenant ORDER BY version DESC LIMIT 1
) AS chosen ON true
WHERE is_open AND expires_at <= clock_timestamp()
  AND expires_at + coalesce(late_window, %s) <= clock_timestamp() AND remaining > held
LIMIT %s
