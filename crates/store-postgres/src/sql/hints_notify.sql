-- Delivered with the commit, to every node that listens.
SELECT pg_notify('refract_jobs', '')
