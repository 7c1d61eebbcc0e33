-- The smallest record number that no record has and no job has been promised.
SELECT max(
    ifnull((SELECT max(record_no) + 1 FROM record), 0),
    ifnull((SELECT max(first_record_no + total) FROM job), 0)
)
