-- The next closing of one account: the one before, and what the entries since then did. The lock
-- keeps the account from being archived meanwhile; no batch waits for it.
WITH last AS (
    SELECT seq, grants, open_grants, sums FROM closings
    WHERE account_id = %(account)s ORDER BY seq DESC LIMIT 1
), part AS MATERIALIZED (
    SELECT p.since, p.seq, p.grants, p.open_grants, p.sums
    FROM accounts a LEFT JOIN last l ON true CROSS JOIN LATERAL (
        SELECT coalesce(l.seq, 0) AS since,
               coalesce(l.seq, 0) + greatest(%(every)s, coalesce(cardinality(l.open_grants), 0))
                   AS seq,
               coalesce(l.grants, 0) AS grants,
               coalesce(l.open_grants, '{}') AS open_grants,
               coalesce(l.sums, '[]') AS sums
    ) AS p
    WHERE a.account_id = %(account)s AND a.seq >= p.seq
    FOR KEY SHARE OF a
), did AS (
    SELECT (lot ->> 0) COLLATE "C" AS grant_id, e.kind, e.cause_type = 'writeoff.reverse' AS back,
           e.amount < 0 AS took, sum((lot ->> 2)::bigint) AS amount
    FROM part p JOIN entries e
         ON e.account_id = %(account)s AND e.seq > p.since AND e.seq <= p.seq
    CROSS JOIN LATERAL jsonb_array_elements(e.allocations) AS lot
    GROUP BY 1, 2, 3, 4
), each AS MATERIALIZED (
    SELECT d.grant_id,
           coalesce(sum(amount) FILTER (
               WHERE kind IN ('grant', 'transfer_in', 'writeoff_grant')), 0) AS amount,
           coalesce(sum(CASE WHEN took THEN amount ELSE -amount END) FILTER (
               WHERE kind IN ('deduction', 'application', 'writeoff_application', 'reversal')), 0)
               AS used,
           coalesce(sum(amount) FILTER (WHERE kind = 'expiry'), 0) AS expired,
           coalesce(sum(amount) FILTER (WHERE kind = 'void'), 0) AS voided,
           coalesce(sum(amount) FILTER (WHERE kind = 'transfer_out'), 0) AS moved,
           jsonb_agg(jsonb_build_array(kind, back, CASE WHEN took THEN -amount ELSE amount END))
               AS sums
    FROM did d GROUP BY d.grant_id
), became AS MATERIALIZED (
    SELECT e.grant_id, e.amount + coalesce(w.amount, 0) AS amount,
           e.used + coalesce(w.used, 0) AS used, e.expired + coalesce(w.expired, 0) AS expired,
           e.voided + coalesce(w.voided, 0) AS voided, e.moved + coalesce(w.moved, 0) AS moved,
           w.amount IS NULL AS is_new, e.sums,
           (SELECT category FROM grants g
            WHERE g.account_id = %(account)s AND g.grant_id = e.grant_id) AS category
    FROM each e LEFT JOIN LATERAL (
        SELECT amount, used, expired, voided, moved FROM closing_grants c
        WHERE c.account_id = %(account)s AND c.grant_id = e.grant_id ORDER BY c.seq DESC LIMIT 1
    ) AS w ON true
), added AS (
    SELECT category, kind, back, sum(amount) AS amount FROM (
        SELECT s ->> 0 AS category, s ->> 1 AS kind, s -> 2 AS back, (s ->> 3)::numeric AS amount
        FROM part p CROSS JOIN LATERAL jsonb_array_elements(p.sums) AS s
        UNION ALL
        SELECT b.category, s ->> 0, s -> 1, (s ->> 2)::bigint
        FROM became b CROSS JOIN LATERAL jsonb_array_elements(b.sums) AS s
    ) AS parts GROUP BY 1, 2, 3
), made AS (
    INSERT INTO closings (account_id, seq, since, recorded_at, balance, grants, open_grants, sums)
    SELECT e.account_id, p.seq, p.since, e.recorded_at, e.balance,
           p.grants + (SELECT count(*) FROM became WHERE is_new),
           ARRAY((SELECT unnest(p.open_grants) EXCEPT SELECT grant_id FROM became)
                 UNION ALL SELECT grant_id FROM became
                 WHERE amount > used + expired + voided + moved ORDER BY 1),
           (SELECT jsonb_agg(jsonb_build_array(category, kind, back, amount)
                             ORDER BY category COLLATE "C", kind COLLATE "C", back) FROM added)
    FROM part p JOIN entries e ON e.account_id = %(account)s AND e.seq = p.seq
    ON CONFLICT DO NOTHING RETURNING seq
)
INSERT INTO closing_grants (account_id, grant_id, seq, amount, used, expired, voided, moved)
SELECT %(account)s::uuid, b.grant_id, m.seq, b.amount, b.used, b.expired, b.voided, b.moved
FROM made m CROSS JOIN became b
ON CONFLICT DO NOTHING
RETURNING seq
