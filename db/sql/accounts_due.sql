-- The same conditions as domain/expiry.py, so every account found has something to write. Each part
-- reads its index oldest first, and no further than asked: after an outage millions may be due.
(
    SELECT account_id, tenant, customer, currency
    FROM grants JOIN accounts USING (account_id)
    LEFT JOIN LATERAL (
        SELECT make_interval(secs => (settings ->> 'late_window')::integer) AS late_window
        FROM tenants WHERE tenants.tenant = accounts.tenant ORDER BY version DESC LIMIT 1
    ) AS chosen ON true
    WHERE is_open AND expires_at <= statement_timestamp() AND remaining > held
      AND expires_at + coalesce(late_window, %(late_window)s) <= statement_timestamp()
    ORDER BY expires_at LIMIT %(count)s
) UNION (
    SELECT account_id, tenant, customer, currency
    FROM holds JOIN accounts USING (account_id)
    LEFT JOIN LATERAL (
        SELECT make_interval(secs => (settings ->> 'late_window')::integer) AS late_window
        FROM tenants WHERE tenants.tenant = accounts.tenant ORDER BY version DESC LIMIT 1
    ) AS chosen ON true
    WHERE is_open AND expires_at <= statement_timestamp()
      AND expires_at + coalesce(late_window, %(late_window)s) <= statement_timestamp()
    ORDER BY expires_at LIMIT %(count)s
) UNION (
    SELECT account_id, tenant, customer, currency
    FROM grants JOIN accounts USING (account_id)
    WHERE is_open AND NOT is_void AND NOT is_announced AND expires_at > statement_timestamp()
      AND expires_at <= statement_timestamp() + %(notice)s::interval
    ORDER BY expires_at LIMIT %(count)s
) LIMIT %(count)s
