-- The values that the record has again may have been given back to it before, under a version that stands for another.
UPDATE job_image SET
    restored_version = ?3, body = NULL, entry_values = NULL,
    version_before = ifnull(
        (
            SELECT other.version_before FROM job_image AS other
            WHERE other.record_no = ?2 AND other.restored_version = job_image.version_before
        ),
        version_before
    )
WHERE record_no = ?2 AND job_no = ?1
