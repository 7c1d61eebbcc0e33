-- One node at a time; the number is "Rfrt". Released with the transaction.
SELECT pg_advisory_xact_lock(1382445684)
