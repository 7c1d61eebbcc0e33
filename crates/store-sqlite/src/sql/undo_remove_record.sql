DELETE FROM record WHERE record_no = ?1
