-- An undo speaks of the records of the job that it undoes.
UPDATE job SET record_ids_ms = $3, record_ids_index = $4 WHERE team_no = $1 AND id = $2
