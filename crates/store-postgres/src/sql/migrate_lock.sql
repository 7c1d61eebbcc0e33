-- One node at a time; the number is "Rfrt", and the lock goes with the transaction. A migration, and the wait for another
-- node's, may take long.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
SELECT pg_advisory_xact_lock(1382445684)
