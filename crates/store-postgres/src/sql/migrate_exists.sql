SELECT to_regclass('schema_version') IS NOT NULL AS is_there
