UPDATE keyed_property SET state = 'ready', next_record_no = NULL, end_record_no = NULL
WHERE team_no = ?1 AND object_type = ?2 AND slug = ?3
