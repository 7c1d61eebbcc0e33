-- True unless the connection stands inside a transaction: that one began before this statement was received.
SELECT now() = statement_timestamp()
