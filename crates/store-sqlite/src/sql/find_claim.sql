-- Claims a dedupe key for the record of its first row; no row changes when somebody holds it.
INSERT INTO key_holder (hash, record_no) VALUES (?1, ?2) ON CONFLICT DO NOTHING
