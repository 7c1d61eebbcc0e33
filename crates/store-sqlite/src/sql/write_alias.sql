INSERT INTO record_alias (team_no, id, record_no) VALUES (?1, ?2, ?3)
