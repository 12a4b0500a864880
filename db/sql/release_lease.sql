UPDATE leases SET expires_at = clock_timestamp() WHERE name = %s AND epoch = %s
