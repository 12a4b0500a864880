-- The fence: while this transaction lasts nobody can take the lease over, and a reader whose
-- lease has passed on finds no row (R20, I2). Its own renewal does not have to wait for it.
SELECT 1 FROM leases WHERE name = %s AND epoch = %s FOR KEY SHARE
