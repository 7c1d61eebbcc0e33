UPDATE record SET body = ?2, version = version + 1, updated_at = ?3 WHERE record_no = ?1
