UPDATE record SET deleted_at = NULL, updated_at = ?2, version = version + 1 WHERE record_no = ?1
