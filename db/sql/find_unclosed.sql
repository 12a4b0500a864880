-- Of the next accounts by their id: which is the last, and which have entries enough to be closed.
-- As many as there are open grants at least, so that naming those costs no more than the ledger.
SELECT (array_agg(a.account_id ORDER BY a.account_id DESC))[1],
       array_agg(a.account_id ORDER BY a.account_id) FILTER (
           WHERE a.seq - coalesce(c.seq, 0) >= greatest(
               %(every)s, coalesce(cardinality(c.open_grants), 0)))
FROM (
    SELECT account_id, seq FROM accounts
    WHERE account_id > %(after)s ORDER BY account_id LIMIT %(count)s
) AS a LEFT JOIN LATERAL (
    SELECT seq, open_grants FROM closings
    WHERE account_id = a.account_id AND a.seq >= %(every)s ORDER BY seq DESC LIMIT 1
) AS c ON true
