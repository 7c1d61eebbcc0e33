SELECT first_record_no, last_record_no FROM record_count WHERE team_no = ?1 AND object_type = ?2
