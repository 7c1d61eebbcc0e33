-- The pages of a level (numbers from ?1 up to ?3) from the one that covers number ?2 on; from the first when none does.
SELECT page_no, entries
FROM key_page
WHERE page_no >= ifnull(
        (SELECT page_no FROM key_page WHERE page_no BETWEEN ?1 AND ?2 ORDER BY page_no DESC LIMIT 1),
        ?1)
    AND page_no < ?3
ORDER BY page_no
