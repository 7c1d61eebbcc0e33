DELETE FROM list_entry WHERE list_no = ?1 AND record_no = ?2
