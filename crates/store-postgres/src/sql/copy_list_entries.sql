SELECT team.id, list_id, record_id, "values", version FROM list_entry JOIN team USING (team_no)
