INSERT INTO leases (name, epoch, holder, expires_at)
VALUES (%(name)s, 1, %(holder)s, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (name) DO UPDATE
SET epoch = leases.epoch + 1, holder = excluded.holder, expires_at = excluded.expires_at
WHERE leases.expires_at <= clock_timestamp()
RETURNING epoch
