UPDATE list_entry SET "values" = ?3 WHERE list_no = ?1 AND record_no = ?2
