-- Nothing to change here: the embedded store lends its own functions to every connection; a database must be taught them.
SELECT 1;
