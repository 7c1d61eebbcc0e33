DELETE FROM job_image USING (
    SELECT place.ctid
    FROM unnest($2::uuid[]) AS named (id)
    CROSS JOIN LATERAL (
        SELECT ctid FROM job_image WHERE team_no = $1 AND record_id = named.id OFFSET 0
    ) AS place
) AS gone
WHERE job_image.ctid = gone.ctid
