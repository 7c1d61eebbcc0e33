SELECT id FROM job WHERE team_no = ?1 AND of_job = ?2 AND kind = 'apply' LIMIT 1
