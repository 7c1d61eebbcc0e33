UPDATE list_entry SET "values" = ?3, version = version + 1 WHERE list_no = ?1 AND record_no = ?2
