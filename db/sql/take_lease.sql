-- A lease that is valid is not touched, nor is its lock waited for: its holder is at work.
INSERT INTO leases (name, epoch, holder, expires_at)
SELECT %(name)s, 1, %(holder)s, clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE NOT EXISTS (
    SELECT FROM leases WHERE name = %(name)s AND expires_at > clock_timestamp()
)
ON CONFLICT (name) DO UPDATE
SET epoch = leases.epoch + 1, holder = excluded.holder, expires_at = excluded.expires_at
WHERE leases.expires_at <= clock_timestamp()
RETURNING epoch
