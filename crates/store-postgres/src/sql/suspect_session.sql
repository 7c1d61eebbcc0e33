BEGIN READ WRITE; SET LOCAL synchronous_commit = off; SET LOCAL statement_timeout = 1000
