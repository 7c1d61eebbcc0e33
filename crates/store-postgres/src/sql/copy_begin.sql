INSERT INTO copy_progress (kind, next_major, next_minor)
SELECT kind, $2, $2 FROM unnest($1::text[]) AS kind
