SELECT id FROM record WHERE record_no = ?1
