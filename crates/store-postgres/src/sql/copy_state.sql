-- Locked: two copies do not begin at once. Others are the sessions of servers, which know a secret that would be replaced.
SELECT key_secret, (SELECT count(*) FROM team) AS teams, (SELECT count(*) FROM copy_progress) AS kinds, (
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'refract%' AND pid <> pg_backend_pid()
) AS others
FROM installation
FOR UPDATE
