SELECT
    current_setting('server_version_num')::int AS version,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    pg_is_in_recovery() AS is_standby,
    -- For the database, the user or the whole server. What a session says of itself is no such wish.
    EXISTS (
        SELECT 1 FROM pg_settings
        WHERE name = 'default_transaction_read_only' AND setting = 'on' AND source <> 'session'
    ) AS is_read_only
