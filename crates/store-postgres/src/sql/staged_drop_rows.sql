DELETE FROM staged_chunk WHERE team_no = $1 AND upload_id = $2
