UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE name = %(name)s AND epoch = %(epoch)s
RETURNING epoch
