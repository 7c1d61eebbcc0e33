UPDATE record SET deleted_at = ?2, updated_at = ?2, version = version + 1 WHERE record_no = ?1
