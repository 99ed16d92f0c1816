-- Pictures that were brought to the studio are kept for their bringer's prompts: their files are looked for by name.
DROP INDEX panels_picture;
CREATE INDEX panels_picture ON panels (json_extract(data, '$.picture'))
    WHERE kind IN ('checked', 'describe', 'uploaded');
