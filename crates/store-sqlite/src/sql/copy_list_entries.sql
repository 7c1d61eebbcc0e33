SELECT list_entry.list_no, list_entry.record_no, team.id, list.id, record.id, "values", list_entry.version
FROM list_entry
CROSS JOIN list ON list.list_no = list_entry.list_no
CROSS JOIN team ON team.team_no = list.team_no
CROSS JOIN record ON record.record_no = list_entry.record_no
WHERE list_entry.list_no >= ?1 AND (list_entry.list_no, list_entry.record_no) > (?1, ?2)
ORDER BY list_entry.list_no, list_entry.record_no
LIMIT ?3
