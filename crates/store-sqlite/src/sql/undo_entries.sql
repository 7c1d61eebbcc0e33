-- From the lists: a team has few of a type.
SELECT list.id, list_entry."values", list_entry.version
FROM list CROSS JOIN list_entry ON list_entry.list_no = list.list_no AND record_no = ?3
WHERE list.team_no = ?1 AND list.object_type = ?2
