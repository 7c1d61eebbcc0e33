SELECT count(*) FROM job WHERE id = ?1 AND ended_at IS NULL
