SELECT ifnull(staged, kept) FROM job WHERE staged IS NOT NULL OR kept IS NOT NULL
