-- Of the moment at which it is answered, not of the one at which a transaction began.
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS present, count(*) FROM installation
